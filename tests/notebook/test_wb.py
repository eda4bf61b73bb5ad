"""`import workbench.notebook as wb`: the same frames from the records and through the API, only what one may see."""

import os
from pathlib import Path

import pandas as pd
import pytest
from builders import NOBODYS_GPU_HOURS, SPEECH_GPU_HOURS, VISION_GPU_HOURS, a_job, small_centre
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving_api import serving
from sqlalchemy import insert

import workbench.notebook as wb
from workbench.analytics.schema import job_frame
from workbench.errors import BadQuestion, NoAnswer, UnknownProject, WorkbenchError
from workbench.notebook import plots
from workbench.notebook.sources import HubSource, LocalSource, find_source
from workbench.services.charging.rating import rate
from workbench.services.holds.holds import Start, place
from workbench.store.jobs import upsert_jobs
from workbench.store.lake import refresh
from workbench.store.tables import server_events
from workbench.units import GPU_PARTS, HOUR_S, gpu_parts

NOW = 1_769_000_000
"""A few days after the data of the small centre end."""


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    refresh(store)
    return store


@pytest.fixture
def operator(centre, monkeypatch):
    """The operator's view: the whole centre from the records."""
    monkeypatch.setattr(wb, "_source", LocalSource(centre, lambda: NOW))
    return centre


@pytest.fixture
def address(centre):
    with serving(centre) as running:
        yield running


@pytest.fixture
def through_the_api(address, monkeypatch, tmp_path):
    """Makes somebody's view through the API the notebook's."""
    made = []

    def look(token):
        made.append(HubSource(address, token, tmp_path / "cache"))
        monkeypatch.setattr(wb, "_source", made[-1])
        return made[-1]

    yield look
    for source in made:
        source.http.close()


@pytest.fixture
def as_member(through_the_api):
    """Ana's view through the API."""
    return through_the_api("ana-token")


def test_three_lines_give_a_picture(operator):
    days = wb.occupancy()
    picture = wb.plot(days)
    assert type(picture).__module__.startswith("holoviews")
    assert "sample data" in picture.opts.get("plot").kwargs["title"]


@pytest.mark.parametrize(
    ("frame", "by"),
    [("occupancy", by) for by in ("hour", "day", "week", "month")]
    + [("usage", by) for by in ("project", "user", "partition", "gpu_model", "hour", "day", "week", "month")]
    + [("charges", by) for by in ("project", "category", "partition", "gpu_model", "day")],
)
def test_every_frame_has_its_picture(operator, frame, by):
    drawn(wb.plot(getattr(wb, frame)(by)))


@pytest.mark.parametrize("split", ["partition", "gpu_model", "project"])
def test_a_split_occupancy_has_a_picture_too(operator, split):
    drawn(wb.plot(wb.occupancy("day", split=split)))


def test_where_there_is_nothing_to_draw_it_says_so(operator):
    assert "Nothing to draw" in repr(wb.plot(wb.usage(start="2031-01-01")))


def drawn(picture):
    """The picture as the browser gets it: made without a warning, with a title and named axes."""
    import hvplot

    figure = hvplot.render(picture, backend="bokeh")
    assert figure.title.text
    assert all(axis.axis_label for axis in (*figure.xaxis, *figure.yaxis))
    assert figure.toolbar.active_scroll in (None, "auto")


def test_a_frame_that_is_none_of_ours_is_told_how_to_be_drawn(operator):
    with pytest.raises(BadQuestion, match=r"frame\.hvplot"):
        wb.plot(pd.DataFrame({"x": [1]}))


def test_jobs_are_lazy_and_complete(operator):
    jobs = wb.jobs()
    hours = jobs.groupby("project", dropna=False)["gpu_hours"].sum().compute()
    assert hours.sum() == VISION_GPU_HOURS + SPEECH_GPU_HOURS + NOBODYS_GPU_HOURS
    assert hours["vision"] == VISION_GPU_HOURS
    frame = jobs.compute()
    assert {n: str(t) for n, t in frame.dtypes.items()} == {n: str(t) for n, t in jobs.dtypes.items()}
    assert frame.loc[frame["project"] == "speech", "wait_s"].isna().all()
    assert frame.loc[frame["project"] == "vision", "wait_s"].eq(600).all()
    assert int(frame["gpu_part_seconds"].sum()) == 343 * HOUR_S * GPU_PARTS


def test_only_the_columns_that_are_used_are_read(operator):
    projected = wb.jobs()[["gpus"]].optimize()
    assert list(projected.columns) == ["gpus"]
    assert len(projected.compute()) == 17
    assert wb.jobs()[["project"]].compute()["project"].notna().sum() == 16


def test_jobs_of_a_window_are_those_that_started_in_it(operator):
    jobs = wb.jobs(project="vision", start="2026-01-07", end="2026-01-09").compute()
    assert jobs["job_id"].tolist() == ["v2", "v3"]
    none = wb.jobs(start="2031-01-01").compute()
    assert none.empty
    assert list(none.columns) == list(jobs.columns)


def test_the_lake_usage_and_occupancy_agree(operator):
    jobs = float(wb.jobs()["gpu_hours"].sum().compute())
    assert jobs == wb.usage()["gpu_hours"].sum() == wb.occupancy("hour")["gpu_hours"].sum()


def test_charges_are_split_to_the_last_cent(operator):
    rows = wb.charges().set_index("project")
    assert rows.loc["vision", "list_hkd"] == VISION_GPU_HOURS * 28
    assert rows.loc["vision", "subsidy_hkd"] == pytest.approx(VISION_GPU_HOURS * 28 * 0.7)
    assert rows.loc["speech", ["subsidy_hkd", "user_hkd"]].tolist() == [0.0, SPEECH_GPU_HOURS * 28.0]
    for by in ("category", "partition", "gpu_model", "day"):
        assert wb.charges(by)["list_hkd"].sum() == pytest.approx(343 * 28)
    assert wb.charges("day", project="vision")["list_hkd"].sum() == VISION_GPU_HOURS * 28


def test_projects_say_what_is_left(operator):
    rows = wb.projects().set_index("project")
    assert rows.loc["vision", "award_left_hkd"] == 1_000_000 - VISION_GPU_HOURS * 28 * 0.7
    assert pd.isna(rows.loc["speech", "award_left_hkd"])


def test_both_ways_give_the_same_frames(operator, through_the_api):
    def frames():
        return [wb.usage(), wb.usage("day"), wb.occupancy("week"), wb.charges(), wb.charges("day"), wb.projects()]

    here = frames()
    through_the_api("kim-token")
    for mine, theirs in zip(here, frames(), strict=True):
        pd.testing.assert_frame_equal(mine, theirs)
        assert mine.attrs == theirs.attrs


def test_a_member_sees_their_project_and_no_other(as_member):
    assert as_member.said == "ana sees vision"
    assert wb.jobs()["project"].compute().unique().tolist() == ["vision"]
    for frame in (wb.usage(), wb.charges(), wb.projects()):
        assert frame["project"].tolist() == ["vision"]
    assert wb.usage("user")["user"].tolist() == ["ana"]
    for ask in (wb.jobs, lambda project: wb.usage(project=project), lambda project: wb.charges(project=project)):
        with pytest.raises(NoAnswer, match=r"There is no project 'speech' here\. Yours: vision"):
            ask("speech")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["vision", "speech", "a b", "x=y", "vision2", None]), st.integers(0, 90)),
        max_size=6,
        unique=True,
    )
)
def test_whatever_runs_a_member_reads_only_their_jobs(as_member, centre, new):
    """Jobs of any project, also ones whose name looks like a path or like one's own, may turn up at any time."""
    rows = [
        a_job(job_id=f"{project}-{day}", project=project, user_name="x", start_at=1_767_542_400 + day * 86_400)
        for project, day in new
    ]
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame(rows), centre.settings.centre.zone)
    refresh(centre)
    seen = wb.jobs().compute()
    with centre.read() as conn:
        mine = conn.exec_driver_sql("SELECT count(*) FROM jobs WHERE project = 'vision'").scalar()
    assert seen["project"].unique().tolist() == ["vision"]
    assert len(seen) == mine


def test_files_that_cannot_be_read_where_they_lie_are_fetched_once(as_member, centre, monkeypatch):
    real = os.access
    monkeypatch.setattr("os.access", lambda path, mode: "/lake/" not in str(path) and real(path, mode))
    assert len(wb.jobs().compute()) == 14
    kept = fetched(as_member)
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    wb.jobs().compute()
    assert kept[0].stat().st_mtime_ns == before
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([a_job(job_id="late")]), centre.settings.centre.zone)
    refresh(centre)
    assert len(wb.jobs().compute()) == 15
    assert len(fetched(as_member)) == 1


def fetched(source):
    return [path for path in source.cache.rglob("*.parquet") if path.is_file()]


def test_the_cost_of_a_server_is_told_in_a_sentence_and_numbers(as_member, centre, monkeypatch):
    event = {"server_id": "s1", "user_name": "ana", "project": "vision", "profile": "gpu-1", "gpu_model": "H800"}
    event |= {"gpu_parts": gpu_parts(1), "cpu_cores": 4, "requested_at": NOW, "started_at": NOW}
    with centre.begin() as conn:
        conn.execute(insert(server_events).values(**event, ended_at=NOW + 5400))
    monkeypatch.setenv("WORKBENCH_SERVER_ID", "s1")
    monkeypatch.setenv("WORKBENCH_PROJECT", "vision")
    cost = wb.cost()
    assert (cost.seconds, cost.list_minor, cost.subsidy_minor, cost.user_minor) == (5400, 4200, 2940, 1260)
    assert "has run 1 h 30 min: HK$42.00 at list price, of which HK$29.40 subsidy and HK$12.60" in repr(cost)
    assert "vision has HK$993,414.40 of HK$1,000,000.00 subsidy left, until 2027-01-01." in repr(cost)


def test_the_balance_says_what_is_free_and_until_when_the_server_runs(as_member, centre, monkeypatch):
    event = {"server_id": "s1", "user_name": "ana", "project": "vision", "profile": "gpu-1", "gpu_model": "H800"}
    event |= {"gpu_parts": gpu_parts(1), "cpu_cores": 4, "requested_at": NOW, "started_at": NOW, "limit_s": 4 * 3600}
    with centre.begin() as conn:
        conn.execute(insert(server_events).values(**event))
    place(centre, Start("s1", "vision", "hub", 4 * 3600, 2800), NOW)
    monkeypatch.setenv("WORKBENCH_SERVER_ID", "s1")
    monkeypatch.setenv("WORKBENCH_PROJECT", "vision")
    found = wb.balance()
    assert found.ceiling_minor == found.drawn_minor + found.held_minor + found.free_minor
    assert found.held_minor == 4 * 1960
    assert "vision has HK$993,336.00 of HK$1,000,000.00 subsidy free, HK$78.40 held for what runs." in repr(found)
    assert "This server is ended on" in repr(found)
    assert "(Asia/Hong_Kong)." in repr(found)


def test_a_project_without_an_award_has_no_balance_never_zero(as_member):
    with pytest.raises(WorkbenchError):
        wb.balance("speech")


def test_another_persons_server_is_not_told_of(through_the_api, centre, monkeypatch):
    event = {"server_id": "s1", "user_name": "ana", "project": "vision", "profile": "cpu-small", "gpu_model": None}
    with centre.begin() as conn:
        conn.execute(insert(server_events).values(**event, gpu_parts=0, cpu_cores=1, requested_at=NOW))
    monkeypatch.setenv("WORKBENCH_SERVER_ID", "s1")
    through_the_api("lee-token")
    with pytest.raises(NoAnswer, match="no server 's1' of yours"):
        wb.cost()


@pytest.mark.parametrize(
    ("token", "says"), [("old-token", "Stop your server and start it again"), ("stu-token", "stu may not see")]
)
def test_who_is_not_let_in_is_told_what_to_do(address, tmp_path, token, says):
    with pytest.raises(NoAnswer, match=says):
        HubSource(address, token, tmp_path)


def test_a_silent_centre_is_a_sentence(tmp_path):
    with pytest.raises(NoAnswer, match=r"Nothing answers at http://127\.0\.0\.1:9/api\. It may be starting"):
        HubSource("http://127.0.0.1:9/api", "t", tmp_path)


def test_a_server_without_a_token_is_told_so():
    with pytest.raises(NoAnswer, match="no token"):
        find_source({"WORKBENCH_API": "http://127.0.0.1:9/api"}, lambda: NOW)


def test_a_notebook_outside_of_any_centre_is_told_where_to_open_it(monkeypatch, tmp_path):
    monkeypatch.setattr("workbench.settings.ROOT", tmp_path)
    monkeypatch.delenv("WORKBENCH_HOME", raising=False)
    monkeypatch.delenv("WORKBENCH_API", raising=False)
    with pytest.raises(NoAnswer, match="on a server of the Hub"):
        find_source({}, lambda: NOW)


def test_the_operators_errors_are_the_same_sentences(operator):
    with pytest.raises(UnknownProject, match="Yours: speech, vision"):
        wb.jobs("no-such")
    with pytest.raises(BadQuestion, match="neither a date"):
        wb.usage(start="soon")


def test_a_notebook_shows_the_sentence_and_not_our_lines():
    problem = BadQuestion("so", "not so")
    assert problem._render_traceback_() == ["BadQuestion: This cannot be asked: so; not so."]
    assert WorkbenchError("x")._render_traceback_() == ["WorkbenchError: x"]


def test_addresses_become_links_and_nothing_else_becomes_markup():
    line = plots.Line("Watch <b>: /user/ana/proxy/8787/status")
    assert line._repr_html_() == (
        'Watch &lt;b&gt;: <a href="/user/ana/proxy/8787/status" target="_blank">/user/ana/proxy/8787/status</a>'
    )
    assert repr(line) == "Watch <b>: /user/ana/proxy/8787/status"


def test_two_amounts_in_a_line_are_no_formula():
    said = plots.Line("HK$56.00 an hour, HK$39.20 of it")._repr_html_()
    assert said == "HK<span>$</span>56.00 an hour, HK<span>$</span>39.20 of it"


def test_connecting_says_whose_view_it_is(centre, monkeypatch, capsys):
    monkeypatch.setattr(wb, "_source", None)
    wb.connect(LocalSource(centre, lambda: NOW))
    assert capsys.readouterr().out == f"The whole centre, from the records in {centre.settings.home}.\n"


def test_a_second_cluster_is_the_first_one(monkeypatch, capsys):
    class Client:
        line = "Dask on 1 CPU core(s)"

    monkeypatch.setattr("workbench.clusters.local.running", lambda: Client)
    assert wb.cluster() is Client
    assert capsys.readouterr().out == "Already running: Dask on 1 CPU core(s)\n"


def test_the_token_is_in_no_repr(as_member):
    assert "ana-token" not in repr(as_member)
    assert Path(as_member.cache).name == "cache"
