"""A need is one text that people read, and its fields come back from it."""

from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.need import PRECISIONS, Need, need_of, need_text

WORDS = st.text(st.characters(whitelist_categories=("L", "N"), whitelist_characters=" .,-"), max_size=60).map(
    lambda text: " ".join(text.split())
)


def test_the_text_can_be_read_by_people():
    need = Need("We train.\n\nThen we test.", "7 billion parameters", "1 TB of speech", "BF16")
    assert need_text(need) == (
        "Model size: 7 billion parameters\nData: 1 TB of speech\nPrecision: BF16\n\nWe train.\n\nThen we test."
    )


@given(WORDS, WORDS, WORDS, st.sampled_from(("", *PRECISIONS)))
def test_what_was_written_is_read_back(purpose, model_size, data, precision):
    need = Need(purpose, model_size, data, precision)
    assert need_of(need_text(need)) == need


def test_any_other_text_is_all_purpose():
    assert need_of("Fine-tune.\n\nData: none") == Need("Fine-tune.\n\nData: none")
    assert need_of("") == Need()


def test_a_field_takes_one_line():
    assert need_of(need_text(Need(data="1 TB\nPrecision: FP8"))) == Need(data="1 TB Precision: FP8")
