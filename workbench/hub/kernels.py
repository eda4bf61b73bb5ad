"""The kernels that a notebook server offers, and what is added to those of a class's seats.

Asked by the server itself (`ServerApp.kernel_spec_manager_class`), so on the machine, in the job and with the
CUDA_VISIBLE_DEVICES that its kernels will have: the same on one machine and on Slurm. Source: Jupyter Client, "Kernel
specs"; IPython, "InteractiveShellApp.exec_files".
"""

import os
from pathlib import Path

from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager
from traitlets import Unicode

from workbench.clusters.kernels import FOLDER, RAPIDS, installed, rapids_here
from workbench.lab import SEAT, TELLING

IPYKERNEL = ("ipykernel", "ipykernel_launcher")


def arguments_of(kernel: str) -> tuple[str, ...]:
    """Of a server that offers this kernel alone; "": those there are."""
    if not kernel:
        return ()
    known = installed().get(kernel)
    name = called(kernel, known.language if known else "")
    return (f"--Kernels.only={kernel}", f"--MultiKernelManager.default_kernel_name={name}")


def called(kernel: str, language: str) -> str:
    """The name under which a server's only kernel is offered: what notebooks of its language mostly name, and what they
    still name when they are taken home. By another name the Lab asks each student who opens one.
    """
    return NATIVE_KERNEL_NAME if language.lower() == "python" else kernel


class Kernels(KernelSpecManager):
    """The kernels that are installed, and RAPIDS' where NVML shows a GPU and RAPIDS is installed."""

    only = Unicode("", config=True, help="The kernel that is offered alone, whatever name notebooks carry.")

    def find_kernel_specs(self) -> dict[str, str]:
        """Name → folder."""
        found: dict[str, str] = super().find_kernel_specs()
        if rapids_here() and (not self.allowed_kernelspecs or RAPIDS in self.allowed_kernelspecs):
            found.setdefault(RAPIDS, str(FOLDER))
        if not self.only:
            return found
        folder = found.get(self.only)
        return {called(self.only, KernelSpec.from_resource_dir(folder).language): folder} if folder else {}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """As it is started: on a seat an IPython kernel of any environment tells its class which cells ran."""
        found = super().get_kernel_spec(kernel_name)
        if SEAT in os.environ and any(Path(word).name in IPYKERNEL for word in found.argv):
            found.argv = [*found.argv, f"--IPKernelApp.exec_files={TELLING}"]
        return found

    def _find_spec_directory(self, kernel_name: str) -> str | None:
        if self.only:
            return self.find_kernel_specs().get(kernel_name)
        found: str | None = super()._find_spec_directory(kernel_name)
        return str(FOLDER) if found is None and kernel_name == RAPIDS and rapids_here() else found
