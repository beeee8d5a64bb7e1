"""`pioche machine`: what this machine has for runs, and what holds it. It works while the hub runs, too."""

from __future__ import annotations

from pathlib import Path

import click

from pioche.cli import data_option
from pioche.cli.operate import opened
from pioche.cli.serve import holder
from pioche.machine.types import GIB, GPU_MEMORY, JOB, MODEL, Count, model_gpu, work_gpu_memory, work_memory


@click.command()
@data_option
def machine(data: Path | None) -> None:
    """Print what jobs, trainings and models in use hold of this machine, and what is free."""
    with opened(data) as hub:
        # A service may have other limits than the shell in which this is called.
        for line in _lines(hub.machine.count(holder(hub.settings.data))):
            click.echo(line)


def _lines(count: Count) -> list[str]:
    has, work, models = count.has, count.free(JOB, awake=True), count.free(MODEL, awake=True)
    kept = has.memory - work_memory(has)
    lines = [
        f"memory\t{has.memory / GIB:.1f} GiB\tfree for jobs and trainings: {work.memory / GIB:.1f} GiB, "
        f"for models: {models.memory / GIB:.1f} GiB\tonly for models: {kept / GIB:.1f} GiB",
        f"CPUs\t{has.cpus}\tfree for jobs and trainings: {work.cpus:g}",
        f"GPUs\t{len(has.gpus)}\tfree for jobs and trainings: {work.gpus}",
    ]
    if whole := model_gpu(has.gpus).memory:
        kept = whole - work_gpu_memory(has.gpus)
        lines.append(
            f"{GPU_MEMORY}\t{whole / GIB:.1f} GiB\tfree for jobs and trainings: {work.gpu_memory / GIB:.1f} GiB, "
            f"for models: {models.gpu_memory / GIB:.1f} GiB\tonly for models: {kept / GIB:.1f} GiB"
        )
    for hold in sorted((one.hold for one in count.taken), key=lambda hold: (hold.kind, -hold.memory)):
        gpus = f"\t{hold.gpus} GPUs" if hold.gpus else ""
        gpus += f", {hold.gpu_memory / GIB:.1f} GiB" if hold.gpu_memory else ""
        lines.append(f"{hold.kind or 'other'}\t{hold.memory / GIB:.1f} GiB\t{hold.cpus:g} CPUs{gpus}")
    return lines
