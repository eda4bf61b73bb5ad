"""A Slurm of accounts and limits alone: prints what sacctmgr, scontrol and sinfo of 22.05 do, and does as it is told.

Printed as the real ones did, see `tests/slurm/test_associations.py`, which has their own words.
"""

from dataclasses import dataclass, field

from workbench.errors import SlurmRefused

COLUMNS = ("GrpTRES", "GrpTRESMins", "GrpJobs", "MaxJobs", "MaxSubmit", "QOS", "Def QOS")
SET = {"MaxSubmitJobs": "MaxSubmit", "DefaultQOS": "Def QOS"}
CONFIG = {
    "ClusterName": "centre",
    "AccountingStorageEnforce": "associations,limits,qos,safe",
    "AccountingStorageTRES": "cpu,mem,energy,node,billing,gres/gpu,gres/gpu:h800",
    "PriorityType": "priority/multifactor",
    "PriorityDecayHalfLife": "00:00:00",
    "SLURM_VERSION": "22.05.8",
}


@dataclass
class FakeSlurm:
    """rows: (account, user) → its columns; used: account → (GPU, CPU) minutes counted; told: commands that change;
    silent: the account of which the controller says nothing.
    """

    rows: dict = field(default_factory=lambda: {("root", ""): {"QOS": "normal"}, ("root", "root"): {"QOS": "normal"}})
    used: dict = field(default_factory=dict)
    qos: dict = field(default_factory=lambda: {"normal": 10})
    config: dict = field(default_factory=lambda: dict(CONFIG))
    refuses: str = ""
    silent: str = ""
    told: list = field(default_factory=list)

    def run(self, program, *words, **_):
        if program == "sacctmgr" and words[0] == "-i":
            return self._change(words[1:])
        return {"sacctmgr": self._show, "scontrol": self._control, "sinfo": self._sinfo}[program](words)

    def _show(self, words):
        if "qos" in words:
            return "Name|Priority\n" + "".join(f"{name}|{priority}\n" for name, priority in self.qos.items())
        assert "cluster=centre" in words
        lines = [f"Account|User|Partition|{'|'.join(COLUMNS)}"]
        for (account, user), row in self.rows.items():
            lines.append("|".join([account, user, "", *(row.get(name, "") for name in COLUMNS)]))
        return "\n".join(lines) + "\n"

    def _control(self, words):
        if words[1] == "config":
            return "".join(f"{name:<23} = {value}\n" for name, value in self.config.items())
        text = ""
        for (account, user), row in self.rows.items():
            if account == self.silent:
                continue
            limits = dict(one.split("=") for one in row.get("GrpTRESMins", "").split(",") if one)
            gpu, cpu = self.used.get(account, (0, 0))
            text += f"ClusterName=centre Account={account} UserName={user} Partition= Priority=0 ID=1\n"
            text += f"    GrpTRESMins=cpu={limits.get('cpu', 'N')}({cpu}),mem=N(0),"
            text += f"gres/gpu={limits.get('gres/gpu', 'N')}({gpu}),gres/gpu:h800=N({gpu})\n"
            text += "    GrpTRESRunMins=cpu=N(0),mem=N(0),gres/gpu=N(0),gres/gpu:h800=N(0)\n"
        return text

    def _sinfo(self, _words):
        return "main|64|gpu:h800:8\n"

    def _change(self, words):
        if self.refuses and any(self.refuses in word for word in words):
            raise SlurmRefused("sacctmgr", " ".join(words), "Access denied", 1)
        self.told.append(words)
        verb, noun, *rest = words
        said = dict(word.split("=", 1) for word in rest if "=" in word and "+=" not in word)
        if noun == "qos":
            self.qos[said["name"]] = int(said["priority"])
        elif verb == "add" and noun == "account":
            self.rows[said["name"], ""] = {"QOS": "normal"}
        elif verb == "add":
            new = [name for name in said["name"].split(",") if (said["account"], name) not in self.rows]
            if not new:
                raise SlurmRefused("sacctmgr", " ".join(words), " Nothing new added.", 1)
            self.rows |= {(said["account"], name): {"QOS": "normal"} for name in new}
        else:
            key = (said["name"], "") if noun == "account" else (said["account"], said["name"])
            for word in rest[rest.index("set") + 1 :]:
                self._set(self.rows[key], word)
        return ""

    def _set(self, row, word):
        name, _, value = word.partition("=")
        if name == "QOS+":
            row["QOS"] = f"{row['QOS']},{value}"
        elif name.startswith("GrpTRES"):
            held = dict(one.split("=") for one in row.get(name, "").split(",") if one)
            held |= dict(one.split("=") for one in value.split(","))
            row[name] = ",".join(f"{tres}={amount}" for tres, amount in held.items() if amount != "-1")
        else:
            row[SET.get(name, name)] = "" if value == "-1" else value
