"""The configuration of a private Slurm, written from templates: slurm.conf, gres.conf, slurmdbd.conf, cgroup.conf.

Several of them run side by side on one machine: every path lies in the stack's own folder, every port in its own block.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

CLUSTER, GPU_TYPE, GPUS, CPUS, MEMORY_MB = "testcentre", "h800", 8, 64, 512_000

# A change against Slurm's defaults is for one of these: low latency, no systemd and no cgroups, budgets that never
# decay (awards), nodes larger than the machine they stand on.
SLURM = """\
ClusterName={cluster}
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={ports.slurmctld}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/run/munge.socket,cred_expire={cred_expire_s}
CredType=cred/munge
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={folder}/etc/jwt.key
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.own
SlurmdPidFile={folder}/run/slurmd-%n.own
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=30
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
KillWait=3
MinJobAge=300
SlurmctldTimeout=60
SlurmdTimeout=120
MessageTimeout=30
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,sched_min_interval=100000,batch_sched_delay=0,bf_interval=2,bf_continue
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
PriorityType=priority/multifactor
PriorityDecayHalfLife=0
PriorityUsageResetPeriod=NONE
PriorityCalcPeriod=1
PriorityWeightQOS=100000
PriorityWeightFairshare=10000
PriorityWeightAge=1000
PreemptType=preempt/qos
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={ports.slurmdbd}
# The programs that ask slurmdbd find munge by this, not by AuthInfo.
AccountingStoragePass={folder}/run/munge.socket
AccountingStorageTRES=gres/gpu,gres/gpu:{gpu_type}
AccountingStorageEnforce=associations,limits,qos,safe
AccountingStoreFlags=job_comment
GresTypes=gpu
NodeName=DEFAULT CPUs={cpus} Boards=1 SocketsPerBoard=2 CoresPerSocket={cores} ThreadsPerCore=1 RealMemory={memory_mb}
NodeName={nodes} NodeHostname=localhost NodeAddr=127.0.0.1 Port=[{ports.nodes}] Gres=gpu:{gpu_type}:{gpus}
PartitionName=DEFAULT State=UP DefMemPerCPU=1000 Nodes={nodes} DefaultTime=60
PartitionName=gpu Default=YES MaxTime=7-0
PartitionName=interactive MaxTime=12:00:00 PriorityTier=10
"""

SLURMDBD = """\
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={ports.slurmdbd}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/run/munge.socket
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={folder}/etc/jwt.key
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={ports.mariadbd}
StorageUser=slurm
StoragePass={password}
StorageLoc=slurm_acct_db
LogFile={folder}/log/slurmdbd.log
PidFile={folder}/run/slurmdbd.own
"""

GRES = """\
AutoDetect=off
NodeName={nodes} Name=gpu Type={gpu_type} File={folder}/dev/nvidia[0-{last_gpu}]
"""


@dataclass(frozen=True)
class Ports:
    """A block of ports: four daemons, then a slurmd for each node."""

    first: int
    count: int

    SIZE = 10

    slurmctld = property(lambda self: self.first)
    slurmdbd = property(lambda self: self.first + 1)
    mariadbd = property(lambda self: self.first + 2)
    slurmrestd = property(lambda self: self.first + 3)
    nodes = property(lambda self: f"{self.first + 4}-{self.first + 3 + self.count}")


def node_names(count: int) -> list[str]:
    return [f"gpu{number:03d}" for number in range(1, count + 1)]


def write(folder: Path, ports: Ports, *, more: str = "", cred_expire_s: int = 8) -> None:
    """All of it into `folder`, with the keys and the devices.

    Args:
        folder: the stack's own; job users can read it.
        ports: its block.
        more: further lines of slurm.conf.
        cred_expire_s: a requeued job waits at least so long before it starts again.
    """
    for name in ("etc", "run", "log", "state", "spool", "dev", "home"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(0o755)
    words = {
        "folder": folder, "ports": ports, "cluster": CLUSTER, "nodes": f"gpu[001-{ports.count:03d}]",
        "gpu_type": GPU_TYPE, "gpus": GPUS, "last_gpu": GPUS - 1, "cpus": CPUS, "cores": CPUS // 2,
        "memory_mb": MEMORY_MB, "password": secrets.token_hex(16), "cred_expire_s": cred_expire_s,
    }  # fmt: skip
    etc = folder / "etc"
    _write(etc / "slurm.conf", SLURM.format_map(words) + more, 0o644)
    _write(etc / "gres.conf", GRES.format_map(words), 0o644)
    _write(etc / "cgroup.conf", "# There are none: processes are followed by proctrack/linuxproc.\n", 0o644)
    _write(etc / "slurmdbd.conf", SLURMDBD.format_map(words), 0o600)
    for name, size in (("munge.key", 128), ("jwt.key", 32)):
        (etc / name).touch(0o600)
        (etc / name).write_bytes(os.urandom(size))
    # Only for a character device does slurmd set CUDA_VISIBLE_DEVICES; these are copies of /dev/null.
    for number in range(GPUS):
        device = folder / "dev" / f"nvidia{number}"
        os.mknod(device, 0o666 | 0o020000, os.makedev(1, 3))
        device.chmod(0o666)


def password(folder: Path) -> str:
    """What slurmdbd tells the database."""
    lines = (folder / "etc" / "slurmdbd.conf").read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("StoragePass="))


def _write(path: Path, text: str, mode: int) -> None:
    path.touch(mode)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
