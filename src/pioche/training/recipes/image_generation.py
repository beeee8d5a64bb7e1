"""Pictures like those it has seen: a small diffusion model (DDPM), saved as a stock pipeline of diffusers."""

from __future__ import annotations

import math
from typing import Any

import numpy
import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMScheduler, UNet2DModel
from painting import PAINT_STEPS, SCHEDULE, Loop, averaged, device_of, noisy
from pictures import png_of, read_pictures, usual_side
from running import Place, Problem, resampled, run, tell

LEAST_SIDE, MOST_SIDE = 8, 32
SHOWN = 8
MOST_APART = 64  # pictures that it does not learn from


def train(place: Place) -> None:
    seed = int(place.number("seed", 42))
    torch.manual_seed(seed)
    pixels = read_pixels(place)
    if len(pixels) < 20:
        raise Problem("At least 20 pictures are needed.")
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(seed))
    apart = min(MOST_APART, max(2, len(pixels) // 20))
    checking, pixels, rows = pixels[order[:apart]], pixels[order[apart:]], len(pixels)
    batch = min(int(place.number("batch_size", 64)), len(pixels))
    steps = max(1, math.ceil(len(pixels) / batch * place.number("epochs", 20)))
    model, noise = network(pixels), DDPMScheduler(**SCHEDULE)
    device, called = device_of()
    average = averaged(model.to(device))
    tell("start", steps=steps, step=0, device=called)

    def loss_of() -> Any:
        chosen = torch.randint(len(pixels), (batch,))
        return one_step(model, noise, pixels[chosen].to(device))

    loop = Loop(place, "last", model.parameters(), place.number("learning_rate", 1e-3), steps)
    for step in loop.run(loss_of, {"model": model, "average": average}):
        show(painter(average.module), step, seed)
    painter(average.module).save_pretrained(place.model)
    average.module.eval()
    errors = [denoising_error(average.module, noise, one.to(device)) for one in checking]
    found = {"denoising_error": resampled(lambda at: sum(errors[n] for n in at) / len(at), len(errors))}
    tell("result", metrics=found, parameters=sum(one.numel() for one in model.parameters()), rows=rows)


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
    with_noise, times, right = noisy(noise, clean)
    return torch.nn.functional.mse_loss(model(with_noise, times).sample, right)


@torch.no_grad()
def denoising_error(model: Any, noise: DDPMScheduler, picture: Any) -> float:
    """Of a picture that it has not seen, with ten strengths of noise: the loss it learned by. 1 is knowing nothing."""
    times = torch.linspace(50, 950, 10, device=picture.device).long()
    clean = picture.expand(len(times), -1, -1, -1)
    added = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0)).to(picture.device)
    right = noise.get_velocity(clean, added, times)
    said = model(noise.add_noise(clean, added, times), times).sample
    return float(torch.nn.functional.mse_loss(said, right) / right.pow(2).mean())


def painter(model: Any) -> DDIMPipeline:
    scheduler = DDIMScheduler(**SCHEDULE, clip_sample=True)
    found = DDIMPipeline(unet=model, scheduler=scheduler)
    found.set_progress_bar_config(disable=True)
    return found


def show(pipeline: DDIMPipeline, step: int, seed: int) -> None:
    pipeline.unet.eval()
    chance = torch.Generator().manual_seed(seed)
    for picture in pipeline(batch_size=SHOWN, generator=chance, num_inference_steps=PAINT_STEPS).images:
        tell("sample", step=step, png=png_of(picture))


if __name__ == "__main__":
    run(train)
