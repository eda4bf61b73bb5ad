"""The kernels that a notebook server offers: "Python (RAPIDS)", pandas on the GPU, only where there is one to use.

Asked by the server itself (`ServerApp.kernel_spec_manager_class`), so on the machine, in the job and with the
CUDA_VISIBLE_DEVICES that its kernels will have: the same on one machine and on Slurm. Source: Jupyter Client, "Kernel
specs"; cuDF, "cudf.pandas", Usage (an extension that is loaded before pandas is imported).
"""

from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager

from workbench.clusters.gpu import gpus, has_rapids_here

RAPIDS = "rapids"
FOLDER = Path(__file__).parents[2] / "hub_config" / "jupyter" / "kernels" / RAPIDS


class Kernels(KernelSpecManager):
    """The kernels that are installed, and RAPIDS' where NVML shows a GPU and RAPIDS is installed."""

    def find_kernel_specs(self) -> dict[str, str]:
        """Name → folder."""
        found = super().find_kernel_specs()
        if offered() and (not self.allowed_kernelspecs or RAPIDS in self.allowed_kernelspecs):
            found.setdefault(RAPIDS, str(FOLDER))
        return found

    def _find_spec_directory(self, kernel_name: str) -> str | None:
        found = super()._find_spec_directory(kernel_name)
        return str(FOLDER) if found is None and kernel_name == RAPIDS and offered() else found


def offered() -> bool:
    """Whether a kernel that is started now would compute on a GPU."""
    return bool(gpus().count) and has_rapids_here()
