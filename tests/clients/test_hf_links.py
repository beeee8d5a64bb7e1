"""Links between repositories with the stock client: children, Spaces that use a model, lists of one relation."""

from __future__ import annotations

import pytest

from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.waiting import eventually

pytestmark = pytest.mark.client


def test_children_and_spaces_of_a_model(make: Make, cast: Cast) -> None:
    base = make.repo(cast.alice, {"README.md": "# Base"})
    adapter = make.repo(cast.alice, {"README.md": f"---\nbase_model: {base}\n---\n", "adapter_config.json": "{}"})
    make.repo(cast.alice, {"README.md": f"---\nbase_model: {base}\n---\n"}, private=True)
    api = make.api(cast.carol)
    space = make.name("space")
    make.api(cast.alice).create_repo(f"alice/{space}", repo_type="space", space_sdk="static")
    make.commit(cast.alice, f"alice/{space}", {"README.md": f"---\nsdk: static\nmodels: [{base}]\n---\n"}, "space")

    def known() -> bool:
        info = api.model_info(base, expand=["childrenModelCount", "spaces", "baseModels"])
        return (info.children_model_count, info.spaces) == (1, [f"alice/{space}"])

    eventually(known)
    assert api.model_info(adapter, expand=["baseModels"]).base_models == [base]
    assert [one.id for one in api.list_models(filter=f"base_model:adapter:{base}")] == [adapter]
    assert list(api.list_models(filter=f"base_model:quantized:{base}")) == []
    assert [one.id for one in api.list_spaces(models=base)] == [f"alice/{space}"]
    listed = next(iter(api.list_models(search=base, expand=["childrenModelCount"])))
    assert listed.children_model_count == 1
