"""CSV changes as cells."""

from __future__ import annotations

import difflib

from pioche.repos.pages.diff import pairs_of, rows_of
from pioche.repos.pages.table_diff import TableDiff, table_of


def patch(old: str, new: str) -> str:
    lines = difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), "a/t", "b/t")
    return "".join(lines)


def table(old: str, new: str, path: str = "t.csv") -> TableDiff | None:
    rows, _ = rows_of(patch(old, new))
    return table_of(path, (old.partition("\n")[0], new.partition("\n")[0]), rows)


def marks(found: TableDiff | None) -> list[tuple[str, int | None, list[str]]]:
    """Mark, line, and cells, where a changed cell is `old>new`."""
    assert found is not None
    return [
        (row.mark, row.number, [f"{c.old}>{c.new}" if c.mark == "change" else c.new for c in row.cells])
        for row in found.rows
    ]


def test_a_cell_changes_a_row_comes_a_row_goes() -> None:
    old = "id,name,age\n1,Ann,30\n2,Bob,40\n3,Cid,50\n4,Dan,60\n"
    new = "id,name,age\n1,Ann,30\n2,Bob,41\n4,Dan,60\n5,Eve,70\n"
    found = table(old, new)
    assert found is not None
    assert [cell.new for cell in found.columns] == ["id", "name", "age"]
    assert marks(found) == [
        ("", 2, ["1", "Ann", "30"]),
        ("del", 4, ["3", "Cid", "50"]),
        ("change", 3, ["2", "Bob", "40>41"]),
        ("", 4, ["4", "Dan", "60"]),
        ("add", 5, ["5", "Eve", "70"]),
    ]


def test_columns_come_and_go_by_their_names() -> None:
    found = table("a,b,c\n1,2,3\n4,5,6\n", "a,c,d\n1,3,9\n4,7,8\n")
    assert found is not None
    assert [(cell.new, cell.mark) for cell in found.columns] == [("a", ""), ("c", ""), ("d", "add"), ("b", "del")]
    assert marks(found) == [("change", 2, ["1", "3", "9", "2"]), ("change", 3, ["4", "6>7", "8", "5"])]
    assert [[cell.mark for cell in row.cells] for row in found.rows] == [
        ["", "", "add", "del"],
        ["", "change", "add", "del"],
    ]


def test_a_whole_table_comes() -> None:
    found = table("", "a\tb\n1\t2\n", "t.tsv")
    assert found is not None
    assert ([cell.mark for cell in found.columns], marks(found)) == (["", ""], [("add", 2, ["1", "2"])])


def test_rows_with_nothing_in_common_are_not_one_row() -> None:
    assert marks(table("a,b\n1,2\n", "a,b\n3,4\n")) == [("del", 2, ["1", "2"]), ("add", 2, ["3", "4"])]


def test_quoted_cells_and_what_is_no_table() -> None:
    assert marks(table('a,b\n"x, y",1\n', 'a,b\n"x, y",2\n')) == [("change", 2, ["x, y", "1>2"])]
    assert table('a,b\n"two\nlines",1\n', 'a,b\n"two\nlines",2\n') is None


def test_a_change_behind_what_is_shown_of_a_cell() -> None:
    [(mark, _, cells)] = marks(table(f"a,b\n1,{'x' * 400}\n", f"a,b\n1,{'x' * 399}y\n"))
    assert mark == "change"
    assert ">" in cells[1]


def test_side_by_side() -> None:
    rows, is_cut = rows_of(patch("a\nb\nc\nd\n", "a\nB\nC\nX\nd\n"))
    assert not is_cut
    sides = [(left and left[3], right and right[3]) for left, right in pairs_of(rows)]
    assert sides[1:] == [("a", "a"), ("b", "B"), ("c", "C"), (None, "X"), ("d", "d")]
    rows, is_cut = rows_of(patch("a\n" * 50, "b\n" * 50), 10)
    assert (len(rows), is_cut) == (10, True)


def test_lines_that_look_like_marks_of_a_patch() -> None:
    rows, _ = rows_of("--- a/t\n+++ b/t\n@@ -1,2 +1,1 @@\n--- x\n-@@ -1 +1 @@\n+++ y\n\\ No newline at end of file\n")
    assert rows[1:] == [
        ("del", 1, None, "-- x"),
        ("del", 2, None, "@@ -1 +1 @@"),
        ("add", None, 1, "++ y"),
        ("note", None, None, "No newline at end of file"),
    ]
