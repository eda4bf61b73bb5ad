"""What an application needs the compute for: one text that people read, of which its fields can be read back.

The text is kept with the application: labelled lines first, then the purpose in the applicant's own words. Labels are
data, and so in English; pages translate them.
"""

from dataclasses import dataclass

PRECISIONS = ("FP64", "FP32", "TF32", "BF16", "FP16", "FP8", "INT8", "mixed")
LABELS = {"model_size": "Model size", "data": "Data", "precision": "Precision"}


@dataclass(frozen=True, slots=True)
class Need:
    """Purpose in prose; model size ("7 billion parameters"), data ("1.2 TB of speech") and precision in a line each."""

    purpose: str = ""
    model_size: str = ""
    data: str = ""
    precision: str = ""


def need_text(need: Need) -> str:
    """The text to keep."""
    lines = [f"{label}: {one_line(getattr(need, name))}" for name, label in LABELS.items() if getattr(need, name)]
    purpose = "\n".join(line.rstrip() for line in need.purpose.strip().splitlines())
    return "\n\n".join(part for part in ("\n".join(lines), purpose) if part)


def need_of(text: str) -> Need:
    """The fields of a text that `need_text` made; any other text is all purpose."""
    head, _, rest = text.partition("\n\n")
    names = {label: name for name, label in LABELS.items()}
    pairs = [line.partition(": ") for line in head.splitlines()]
    if not pairs or any(label not in names or not value for label, _, value in pairs):
        return Need(purpose=text)
    return Need(purpose=rest, **{names[label]: value for label, _, value in pairs})


def one_line(text: str) -> str:
    """The text without line breaks and doubled blanks."""
    return " ".join(text.split())
