"""Pictures like those it has seen: a small diffusion model (DDPM), saved as a stock pipeline of diffusers."""

from __future__ import annotations

import math
from typing import Any

import numpy
import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMScheduler, UNet2DModel
from pictures import png_of, read_pictures, usual_side
from running import CHECKPOINTS, Place, Problem, check_loss, run, tell, told_every

LEAST_SIDE, MOST_SIDE = 8, 32
NOISE_STEPS, PAINT_STEPS, SHOWN = 1000, 25, 8
KEPT = 0.995  # of the average of weights, at each step


def train(place: Place) -> None:
    seed = int(place.number("seed", 42))
    torch.manual_seed(seed)
    pixels = read_pixels(place)
    if len(pixels) < 20:
        raise Problem("At least 20 pictures are needed.")
    batch = min(int(place.number("batch_size", 64)), len(pixels))
    steps = max(1, math.ceil(len(pixels) / batch * place.number("epochs", 20)))
    model, noise = network(pixels), DDPMScheduler(NOISE_STEPS, beta_schedule="squaredcos_cap_v2")
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(KEPT))
    optimizer = torch.optim.AdamW(model.parameters(), lr=place.number("learning_rate", 1e-3))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    parts = {"model": model, "average": average, "optimizer": optimizer, "schedule": schedule}
    first = take_up(place, parts)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for part in (model, average):
        part.to(device)
    tell("start", steps=steps, step=first, device=torch.cuda.get_device_name(0) if device == "cuda" else "CPU")
    for step in range(first + 1, steps + 1):
        chosen = pixels[torch.randint(len(pixels), (batch,))].to(device)
        loss = one_step(model, noise, chosen)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        average.update_parameters(model)
        if step % told_every(steps) == 0:
            check_loss(float(loss))
            tell("step", step=step, loss=float(loss))
        if step % max(1, steps // CHECKPOINTS) == 0:
            keep(place, parts, step)
            show(painter(average.module), step, seed)
    painter(average.module).save_pretrained(place.model)
    tell("result", metrics={}, parameters=sum(one.numel() for one in model.parameters()), rows=len(pixels))


def read_pixels(place: Place) -> Any:
    """Rows by channels by side by side, from -1 to 1; one channel if no picture has colours."""
    side = usual_side(place.inputs / "data", LEAST_SIDE, MOST_SIDE)
    found = numpy.stack([picture for picture, _ in read_pictures(place.inputs / "data", side)])
    if (found == found[..., :1]).all():
        found = found[..., :1]
    return torch.tensor(found.transpose(0, 3, 1, 2)).float() / 127.5 - 1


def network(pixels: Any) -> UNet2DModel:
    """Two levels for the smallest pictures, one more with every doubling."""
    side = pixels.shape[-1]
    levels = 2 + max(0, int(math.log2(side / 8)))
    widths = (48, *[96] * (levels - 1))
    return UNet2DModel(
        sample_size=side,
        in_channels=pixels.shape[1],
        out_channels=pixels.shape[1],
        block_out_channels=widths,
        layers_per_block=1,
        norm_num_groups=16,
        down_block_types=("DownBlock2D",) * levels,
        up_block_types=("UpBlock2D",) * levels,
        add_attention=False,
    )


def one_step(model: Any, noise: DDPMScheduler, clean: Any) -> Any:
    added = torch.randn_like(clean)
    times = torch.randint(NOISE_STEPS, (len(clean),), device=clean.device)
    said = model(noise.add_noise(clean, added, times), times).sample
    return torch.nn.functional.mse_loss(said, added)


def painter(model: Any) -> DDIMPipeline:
    scheduler = DDIMScheduler(NOISE_STEPS, beta_schedule="squaredcos_cap_v2", clip_sample=True)
    found = DDIMPipeline(unet=model, scheduler=scheduler)
    found.set_progress_bar_config(disable=True)
    return found


def show(pipeline: DDIMPipeline, step: int, seed: int) -> None:
    pipeline.unet.eval()
    chance = torch.Generator().manual_seed(seed)
    for picture in pipeline(batch_size=SHOWN, generator=chance, num_inference_steps=PAINT_STEPS).images:
        tell("sample", step=step, png=png_of(picture))


# -- going on --


def keep(place: Place, parts: dict[str, Any], step: int) -> None:
    folder = place.work / "checkpoint"
    folder.mkdir(exist_ok=True)
    said = {name: part.state_dict() for name, part in parts.items()}
    torch.save({**said, "step": step, "chance": torch.get_rng_state()}, folder / "new.pt")
    (folder / "new.pt").rename(folder / "last.pt")


def take_up(place: Place, parts: dict[str, Any]) -> int:
    if not place.goes_on:
        return 0
    said = torch.load(place.checkpoint / "last.pt", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(said[name])
    torch.set_rng_state(said["chance"])
    return int(said["step"])


if __name__ == "__main__":
    run(train)
