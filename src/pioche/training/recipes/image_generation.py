"""Pictures like those it has seen: a small diffusion model (DDPM), saved as a stock pipeline of diffusers."""

from __future__ import annotations

import math
from typing import Any

import numpy
import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMScheduler, UNet2DModel
from painting import LAST, PAINT_STEPS, SCHEDULE, Loop, averaged, denoising_error, device_of, kept_apart, mean_of, noisy
from pictures import png_of, read_pictures, usual_side
from running import Place, Problem, run, tell

LEAST_SIDE, MOST_SIDE = 8, 32
SHOWN = 8


def train(place: Place) -> None:
    seed = int(place.number("seed", 42))
    torch.manual_seed(seed)
    pixels = read_pixels(place)
    if len(pixels) < 20:
        raise Problem("At least 20 pictures are needed.")
    apart, learned = kept_apart(len(pixels), seed)
    checking, pixels, rows = pixels[apart], pixels[learned], len(pixels)
    batch = min(int(place.number("batch_size", 64)), len(pixels))
    steps = max(1, math.ceil(len(pixels) / batch * place.number("epochs", 20)))
    model, noise = network(pixels), DDPMScheduler(**SCHEDULE)
    device, called = device_of()
    average = averaged(model.to(device))
    tell("start", steps=steps, step=0, device=called)

    def loss_of() -> Any:
        chosen = torch.randint(len(pixels), (batch,))
        return one_step(model, noise, pixels[chosen].to(device))

    loop = Loop(place, LAST, model.parameters(), place.number("learning_rate", 1e-3), steps)
    for step in loop.run(loss_of, {"model": model, "average": average}):
        show(painter(average.module), step, seed)
    painter(average.module).save_pretrained(place.model)
    learner = average.module.eval()
    errors = [
        denoising_error(noise, one.to(device), at, lambda *given: learner(*given).sample)
        for at, one in enumerate(checking)
    ]
    parameters = sum(one.numel() for one in model.parameters())
    tell("result", metrics={"denoising_error": mean_of(errors)}, parameters=parameters, rows=rows)


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
