"""PostgreSQL spoken so that the tables of the rooms mean there what they mean in SQLite.

- An integer has 64 bits, whatever a table calls it.
- A text has any length; how long a name may be is for services to say, with an answer that people understand.
- Texts sort and compare byte by byte (collation "C"), whatever language the server was set up for, so that pages of a
  list go on where they stopped.
- PostgreSQL cannot keep the character U+0000. It is written as U+FFFD, as HTML and Markdown read it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, types
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDDLCompiler, PGTypeCompiler
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, _PGString

NAME = "postgresql+pioche"


class _Text(_PGString):
    def bind_processor(self, dialect: Any) -> Callable[[Any], Any]:
        return _without_nul


def _without_nul(value: Any) -> Any:
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


class _Integer(types.BigInteger):
    """Given without a cast, so that the functions of PostgreSQL that want a short integer take it."""


class _TypeCompiler(PGTypeCompiler):
    def visit_INTEGER(self, type_: Any, **kw: Any) -> str:
        return "BIGINT"

    def visit_VARCHAR(self, type_: Any, **kw: Any) -> str:
        return "VARCHAR"

    def visit_TEXT(self, type_: Any, **kw: Any) -> str:
        return "TEXT"


class _DdlCompiler(PGDDLCompiler):
    def get_column_specification(self, column: Column[Any], **kw: Any) -> str:
        specification: str = super().get_column_specification(column, **kw)  # type: ignore[no-untyped-call]
        if not isinstance(column.type, types.String):
            return specification
        name, kind, *rest = specification.split(" ", 2)
        return " ".join([name, kind, 'COLLATE "C"', *rest])


class PiocheDialect(PGDialect_psycopg):
    driver = "pioche"
    supports_statement_cache = True
    type_compiler_cls = _TypeCompiler
    ddl_compiler = _DdlCompiler
    colspecs = {**PGDialect_psycopg.colspecs, types.String: _Text, types.Integer: _Integer}  # noqa: RUF012


registry.register(NAME.replace("+", "."), __name__, PiocheDialect.__name__)
