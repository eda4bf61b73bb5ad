"""Why no private Slurm can run here."""

import os
import shutil
from pathlib import Path

# What must be there → the package of Debian that brings it (.ci/slurm installs them).
PROGRAMS = {
    "munged": "munge", "mariadbd": "mariadb-server", "mariadb-install-db": "mariadb-server",
    "mariadb-admin": "mariadb-client", "slurmctld": "slurmctld", "slurmd": "slurmd", "slurmdbd": "slurmdbd",
    "slurmrestd": "slurmrestd", "sbatch": "slurm-client", "sacctmgr": "slurm-client", "sinfo": "slurm-client",
    "runuser": "util-linux", "useradd": "passwd",
}  # fmt: skip
PLUGINS = {
    "accounting_storage_mysql.so": "slurm-wlm-mysql-plugin", "auth_jwt.so": "slurm-wlm-jwt-plugin",
    "auth_munge.so": "slurm-wlm-basic-plugins",
}  # fmt: skip
FOLDERS = ("/usr/lib/*/slurm-wlm", "/usr/lib/*/slurm", "/usr/lib64/slurm", "/usr/lib/slurm", "/usr/local/lib/slurm")


def missing() -> str | None:
    """Why none can run here, None where one can."""
    packages = {package for program, package in PROGRAMS.items() if not shutil.which(program)}
    if not packages:
        for plugin, package in PLUGINS.items():
            if not any(list(Path("/").glob(f"{folder[1:]}/{plugin}")) for folder in FOLDERS):
                packages.add(package)
    if packages:
        return f"a Slurm's parts are not here (on Debian: apt-get install {' '.join(sorted(packages))})"
    if os.geteuid() != 0:
        return "it needs root: its jobs run as Unix users that it makes, its devices by mknod"
    return None
