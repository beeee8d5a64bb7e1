"""Publishes an untrained, tiny diffusion pipeline and prints the sum of the picture it makes. Arguments: repository."""

import sys

import numpy as np
import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

torch.manual_seed(0)
unet = UNet2DModel(
    sample_size=8,
    in_channels=1,
    out_channels=1,
    block_out_channels=(16, 32),
    norm_num_groups=8,
    down_block_types=("DownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "UpBlock2D"),
)
pipeline = DDPMPipeline(unet, DDPMScheduler(num_train_timesteps=20))
pipeline.set_progress_bar_config(disable=True)
pipeline.push_to_hub(sys.argv[1])
picture = pipeline(num_inference_steps=4, generator=torch.manual_seed(7), output_type="np").images[0]
print(f"{np.asarray(picture).sum():.6f}")
