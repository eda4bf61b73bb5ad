"""Every error of ours, in one tree. Each builds its own sentence: what, which one, what to do next.

WorkbenchError
├── SettingsError            a settings file with all its problems listed
├── BadInput
│   ├── FileUnreadable       a file that cannot be opened or is not what its name says
│   ├── MappingError         a job-log mapping with all its problems listed
│   ├── PriceFileError       a price list with all its problems listed
│   ├── NothingReadable      a log of which no row could be used
│   ├── ChoiceRefused        a server that somebody may not or cannot start
│   ├── BadQuestion          a question for figures that cannot be asked so
│   └── BadScenario          a what-if with all its problems listed
├── Unknown
│   ├── UnknownGpuModel
│   ├── UnknownProject
│   ├── UnknownPerson
│   ├── UnknownJob
│   ├── NoStatement          a month of which there is no statement
│   ├── NoReport             a year of which there is no report
│   ├── NotEnoughHistory     too few days of the past for a forecast
│   ├── UnknownServer        no notebook server of this id, or not the asker's
│   ├── UnknownCluster       no Dask cluster of this id, or not the asker's
│   ├── UnknownApplication   no application of this reference that the asker may see
│   ├── UnknownAward         no award of this number
│   ├── UnknownTraining      no training session of this handle that the asker may see
│   └── UnknownAction        nothing of this number was asked for an award
├── NoAnswer                 a notebook finds no centre, or is refused by it
├── LedgerError
│   ├── Unbalanced           postings that do not come to zero
│   ├── KeyTaken             another transaction was posted under this key
│   └── ChargeTaken          another charge beside usage was recorded under this key
├── NoPrice                  no list price: the text says for what, and why
├── NoAccess                 a role is missing
├── Refused                  the scheme's rules do not allow it
│   ├── StepRefused          an application cannot take this step now, or not by this person
│   ├── ClosedByConflict     a declared conflict of interest closes it to this person
│   ├── RuleBroken           an amount, rate, term or score outside of its rule
│   ├── AskRefused           a refund, reservation or adjustment that cannot be asked for or decided so
│   ├── PersonRefused        somebody who cannot be added, or cannot leave
│   ├── NoBalance            no award, or one that does not cover the requested time
│   ├── TrainingRefused      a training session that cannot be planned, decided or changed so
│   ├── JoinRefused          a seat that somebody cannot have
│   ├── ClusterRefused       a Dask cluster beyond its server that may not be
│   └── HoldRefused          a hold that is not there, settled already, or repeated with another content
├── SlurmError               Slurm did not answer (SlurmSilent, SlurmUnreadable), refused (SlurmRefused), would keep no
│   │                        limit (SlurmLax), or is not in the settings (NoSlurm)
│   └── NothingToCompare     no hour of a month that Slurm has added up
├── OutOfMemory              a computation needed more memory than a worker has
└── CannotStart
    ├── PortTaken
    ├── FolderUnwritable
    ├── AlreadyRunning
    ├── NotInstalled         something that `make setup` puts there is missing
    ├── DidNotAnswer         a part was started and stayed silent, or ended
    ├── ClusterCannotStart   a notebook's Dask cluster
    ├── EnvironmentsDiffer   versions of the Hub, a notebook and its workers that would not understand each other
    ├── WorkersDoNotFit      more Dask workers than the server has room for
    ├── LoginsExposed        sample logins and an address that others can reach
    └── NotOurs              a folder or process that we did not make
"""

from workbench.errors.bad_input import (
    BadQuestion,
    BadScenario,
    ChoiceRefused,
    FileUnreadable,
    MappingError,
    NothingReadable,
    PriceFileError,
    SettingsError,
)
from workbench.errors.base import (
    BadInput,
    CannotStart,
    LedgerError,
    Refused,
    Unknown,
    WorkbenchError,
)
from workbench.errors.computing import OutOfMemory
from workbench.errors.refused import (
    AskRefused,
    CannotClose,
    ChargeTaken,
    ClosedByConflict,
    ClusterRefused,
    HoldRefused,
    JoinRefused,
    KeyTaken,
    MeetingRefused,
    MonthClosed,
    NoBalance,
    PaymentRefused,
    PersonRefused,
    RuleBroken,
    StepRefused,
    TrainingRefused,
    Unbalanced,
)
from workbench.errors.slurm import (
    NoSlurm,
    NothingToCompare,
    SlurmError,
    SlurmLax,
    SlurmRefused,
    SlurmSilent,
    SlurmUnreadable,
)
from workbench.errors.starting import (
    AlreadyRunning,
    ClusterCannotStart,
    DidNotAnswer,
    EnvironmentsDiffer,
    FolderUnwritable,
    LoginsExposed,
    NotInstalled,
    NotOurs,
    PortTaken,
    WorkersDoNotFit,
)
from workbench.errors.unknown import (
    NoAccess,
    NoAnswer,
    NoPrice,
    NoReport,
    NoStatement,
    NotEnoughHistory,
    UnknownAction,
    UnknownApplication,
    UnknownAward,
    UnknownCluster,
    UnknownGpuModel,
    UnknownJob,
    UnknownMeeting,
    UnknownPerson,
    UnknownProject,
    UnknownServer,
    UnknownTraining,
)

__all__ = [
    "AlreadyRunning",
    "AskRefused",
    "BadInput",
    "BadQuestion",
    "BadScenario",
    "CannotClose",
    "CannotStart",
    "ChargeTaken",
    "ChoiceRefused",
    "ClosedByConflict",
    "ClusterCannotStart",
    "ClusterRefused",
    "DidNotAnswer",
    "EnvironmentsDiffer",
    "FileUnreadable",
    "FolderUnwritable",
    "HoldRefused",
    "JoinRefused",
    "KeyTaken",
    "LedgerError",
    "LoginsExposed",
    "MappingError",
    "MeetingRefused",
    "MonthClosed",
    "NoAccess",
    "NoAnswer",
    "NoBalance",
    "NoPrice",
    "NoReport",
    "NoSlurm",
    "NoStatement",
    "NotEnoughHistory",
    "NotInstalled",
    "NotOurs",
    "NothingReadable",
    "NothingToCompare",
    "OutOfMemory",
    "PaymentRefused",
    "PersonRefused",
    "PortTaken",
    "PriceFileError",
    "Refused",
    "RuleBroken",
    "SettingsError",
    "SlurmError",
    "SlurmLax",
    "SlurmRefused",
    "SlurmSilent",
    "SlurmUnreadable",
    "StepRefused",
    "TrainingRefused",
    "Unbalanced",
    "Unknown",
    "UnknownAction",
    "UnknownApplication",
    "UnknownAward",
    "UnknownCluster",
    "UnknownGpuModel",
    "UnknownJob",
    "UnknownMeeting",
    "UnknownPerson",
    "UnknownProject",
    "UnknownServer",
    "UnknownTraining",
    "WorkbenchError",
    "WorkersDoNotFit",
]
