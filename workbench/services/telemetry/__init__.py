"""Samples of GPUs, brought into the lake: from DCGM exporters, from files of nvidia-smi, from this machine's NVML."""
