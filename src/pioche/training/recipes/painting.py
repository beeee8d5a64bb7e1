"""What the recipes that paint share: a loop of their own, its curve, its checkpoints, and how good it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from diffusers import DDPMScheduler
from running import CHECKPOINTS, Place, check_loss, resampled, tell, told_every

NOISE_STEPS, PAINT_STEPS = 1000, 25
SCHEDULE: Mapping[str, Any] = {
    "num_train_timesteps": NOISE_STEPS,
    "beta_schedule": "squaredcos_cap_v2",
    "prediction_type": "v_prediction",  # learns faster than the noise itself, when there are few steps
}
KEPT = 0.995  # of the average of weights, at each step
MOST_APART = 64  # pictures that it does not learn from
STRENGTHS = 10  # of noise, in which each of them is looked at


def device_of() -> tuple[str, str]:
    """For torch, and as people call it."""
    return ("cuda", torch.cuda.get_device_name(0)) if torch.cuda.is_available() else ("cpu", "CPU")


def averaged(model: Any) -> Any:
    """Follows the weights of a model slowly: it paints better than the last ones do."""
    slowly = torch.optim.swa_utils.get_ema_multi_avg_fn(KEPT)
    return torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=slowly)


def kept_apart(count: int, seed: int) -> tuple[list[int], list[int]]:
    """Numbers of (the pictures that it is measured by, those that it learns from)."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
    apart = min(MOST_APART, max(2, count // 20))
    return order[:apart], order[apart:]


def noisy(noise: DDPMScheduler, clean: Any) -> tuple[Any, Any, Any]:
    """(with noise, at which times, what the network shall say)."""
    added = torch.randn_like(clean)
    times = torch.randint(noise.config.num_train_timesteps, (len(clean),), device=clean.device)
    return noise.add_noise(clean, added, times), times, wanted(noise, clean, added, times)


def wanted(noise: DDPMScheduler, clean: Any, added: Any, times: Any) -> Any:
    """Most networks that others have trained say the noise, ours its velocity."""
    match noise.config.prediction_type:
        case "v_prediction":
            return noise.get_velocity(clean, added, times)
        case "sample":
            return clean
        case _:
            return added


@torch.no_grad()
def denoising_error(noise: DDPMScheduler, picture: Any, seed: int, said_of: Callable[[Any, Any], Any]) -> float:
    """Of one picture that it has not seen, in noise of all strengths: the loss it learned by. 1 is knowing nothing.

    `said_of`: what the network says of pictures with noise, and times. The same seed is the same noise.
    """
    times = (torch.linspace(0.05, 0.95, STRENGTHS) * noise.config.num_train_timesteps).long().to(picture.device)
    clean = picture.expand(STRENGTHS, -1, -1, -1)
    added = torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed)).to(picture.device)
    right = wanted(noise, clean, added, times)
    said = said_of(noise.add_noise(clean, added, times), times)
    return float(torch.nn.functional.mse_loss(said, right) / right.pow(2).mean())


def mean_of(errors: Sequence[float]) -> dict[str, float]:
    """With its 95 % interval."""
    found: dict[str, float] = resampled(lambda at: sum(errors[n] for n in at) / len(at), len(errors))
    return found


LAST = "last"


class Loop:
    """Steps of a loss, with a rate that falls like a cosine. `parts`: what a checkpoint keeps beside them."""

    def __init__(self, place: Place, name: str, parameters: Iterator[Any], rate: float, steps: int) -> None:
        self.place = place
        self.name = name
        self.file = f"{name}.pt"
        self.steps = steps
        self.weights = list(parameters)
        self.optimizer = torch.optim.AdamW(self.weights, lr=rate)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, rate, total_steps=steps + 1, pct_start=0.05)
        self.parts: dict[str, Any] = {"optimizer": self.optimizer, "schedule": self.schedule}

    def run(self, loss_of: Callable[[], Any], parts: Mapping[str, Any], at: int = 0) -> Iterator[int]:
        """Yields steps (counted from `at`) after which a checkpoint was kept, and the last one."""
        self.parts.update(parts)
        first = self._take_up()
        if first:
            tell("resumed", step=at + first)
        for step in range(first + 1, self.steps + 1):
            loss = loss_of()
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
            self.optimizer.step()
            self.schedule.step()
            for part in self.parts.values():
                if isinstance(part, torch.optim.swa_utils.AveragedModel):
                    part.update_parameters(self.parts["model"])
            if step % told_every(self.steps) == 0:
                self._tell(at + step, float(loss.detach()))
            if step % max(1, self.steps // CHECKPOINTS) == 0 or step == self.steps:
                self._keep(step)
                yield at + step

    def _tell(self, step: int, loss: float) -> None:
        """The last loop has the curve of the loss; one before it reckons otherwise, and has a curve of its own."""
        check_loss(loss)
        if self.name == LAST:
            tell("step", step=step, loss=loss)
        else:
            tell("evaluation", step=step, **{f"loss of {self.name}": loss})

    def _keep(self, step: int) -> None:
        folder = self.place.work / "checkpoint"
        folder.mkdir(exist_ok=True)
        said = {name: part.state_dict() for name, part in self.parts.items()}
        torch.save({**said, "step": step, "chance": torch.get_rng_state()}, folder / "new")
        (folder / "new").rename(folder / self.file)

    def _take_up(self) -> int:
        """The step it had reached before, if this run goes on with another."""
        kept = self.place.checkpoint / self.file
        if not kept.is_file():
            return 0
        said = torch.load(kept, weights_only=True)
        for name, part in self.parts.items():
            part.load_state_dict(said[name])
        torch.set_rng_state(said["chance"])
        return int(said["step"])
