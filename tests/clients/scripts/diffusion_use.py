"""Loads a published diffusion pipeline and prints the sum of the picture it makes. Arguments: repository."""

import sys

import numpy as np
import torch
from diffusers import DDPMPipeline

pipeline = DDPMPipeline.from_pretrained(sys.argv[1])
pipeline.set_progress_bar_config(disable=True)
picture = pipeline(num_inference_steps=4, generator=torch.manual_seed(7), output_type="np").images[0]
print(f"{np.asarray(picture).sum():.6f}")
