"""charges by job and day; one price list, whose versions are never changed

Revision ID: 0005
Revises: 0004
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FROM_LIST = "the list of prices by day"
CPU = "cpu"
BIG, TEXT = sa.BigInteger, sa.String
GUARDS = {"price_versions_no_update": "UPDATE", "price_versions_no_delete": "DELETE"}


def upgrade() -> None:
    conn = op.get_bind()
    for row in list(_versions(conn)):
        conn.execute(sa.insert(sa.table("price_versions", *map(sa.column, row))).values(row))
    op.drop_index("ix_charges_daily_project", "charges_daily")
    op.drop_table("charges_daily")
    op.drop_index("ix_list_prices_resource", "list_prices")
    op.drop_table("list_prices")
    op.create_table(
        "charges_daily",
        sa.Column("cluster", TEXT(80), nullable=False),
        sa.Column("day", TEXT(10), nullable=False),
        sa.Column("project", TEXT(), nullable=False),
        sa.Column("partition", TEXT(), nullable=False),
        sa.Column("gpu_model", TEXT(), nullable=False),
        sa.Column("price_version", TEXT(80), nullable=False),
        sa.Column("award_version", TEXT(160), nullable=False),
        *(sa.Column(name, BIG(), nullable=False) for name in ("gpu_part_seconds", "core_seconds")),
        *(sa.Column(name, BIG(), nullable=True) for name in ("list_minor", "subsidy_minor", "user_minor")),
        sa.Column("award_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_charges_daily_award_id_awards")),
        sa.PrimaryKeyConstraint(
            "cluster", "day", "project", "partition", "gpu_model", "price_version", "award_version",
            name=op.f("pk_charges_daily"),
        ),
    )  # fmt: skip
    op.create_index("ix_charges_daily_project", "charges_daily", ["project", "day"])
    op.create_table(
        "charges_user_daily",
        sa.Column("day", TEXT(10), nullable=False),
        sa.Column("cluster", TEXT(80), nullable=False),
        sa.Column("project", TEXT(), nullable=False),
        sa.Column("user_name", TEXT(), nullable=False),
        sa.Column("partition", TEXT(), nullable=False),
        sa.Column("gpu_model", TEXT(), nullable=False),
        *(
            sa.Column(name, BIG(), nullable=False)
            for name in ("gpu_part_seconds", "core_seconds", "unpriced_gpu_part_seconds")
        ),
        *(sa.Column(name, BIG(), nullable=True) for name in ("list_minor", "subsidy_minor", "user_minor")),
        sa.PrimaryKeyConstraint(
            "day", "cluster", "project", "user_name", "partition", "gpu_model", name=op.f("pk_charges_user_daily")
        ),
    )
    op.create_index("ix_charges_user_daily_project", "charges_user_daily", ["project", "day"])
    op.create_index("ix_jobs_project_seen", "jobs", ["project", "seen_until_at"])
    _mark_all()
    if conn.dialect.name == "postgresql":
        _guard_on_postgres()
    else:
        for name, event in GUARDS.items():
            refuse = f"SELECT raise(ABORT, 'a price version is never changed ({name})')"
            op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON price_versions BEGIN {refuse}; END")


def downgrade() -> None:
    conn = op.get_bind()
    postgres = conn.dialect.name == "postgresql"
    for name in (*GUARDS, *(("price_versions_no_truncate",) if postgres else ())):
        op.execute(f"DROP TRIGGER {name}" + (" ON price_versions" if postgres else ""))
    if postgres:
        op.execute("DROP FUNCTION price_versions_stay()")
    op.drop_index("ix_jobs_project_seen", "jobs")
    for table in ("charges_user_daily", "charges_daily"):
        op.drop_index(f"ix_{table}_project", table)
        op.drop_table(table)
    listed = op.create_table(
        "list_prices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resource", TEXT(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("minor_per_hour", sa.Integer(), nullable=False),
        sa.Column("note", TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_prices")),
    )
    op.create_index("ix_list_prices_resource", "list_prices", ["resource"])
    rows = [
        row for (content,) in conn.execute(sa.text("SELECT content FROM price_versions")) for row in _plain(content)
    ]
    if rows:
        op.bulk_insert(listed, rows)
    conn.execute(sa.text("DELETE FROM price_versions WHERE source = :source"), {"source": FROM_LIST})
    op.create_table(
        "charges_daily",
        sa.Column("cluster", TEXT(80), nullable=False),
        sa.Column("day", TEXT(10), nullable=False),
        sa.Column("project", TEXT(), nullable=False),
        sa.Column("partition", TEXT(), nullable=False),
        sa.Column("gpu_model", TEXT(), nullable=False),
        *(sa.Column(name, BIG(), nullable=False) for name in ("gpu_part_seconds", "core_seconds")),
        *(sa.Column(name, BIG(), nullable=True) for name in ("list_minor", "subsidy_minor", "user_minor")),
        sa.Column("price_id", sa.Integer(), nullable=True),
        sa.Column("award_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_charges_daily_award_id_awards")),
        sa.ForeignKeyConstraint(["price_id"], ["list_prices.id"], name=op.f("fk_charges_daily_price_id_list_prices")),
        sa.PrimaryKeyConstraint("cluster", "day", "project", "partition", "gpu_model", name=op.f("pk_charges_daily")),
    )
    op.create_index("ix_charges_daily_project", "charges_daily", ["project", "day"])
    _mark_all()


def _mark_all() -> None:
    """Every project is rated again from its first day on."""
    op.execute("DELETE FROM dirty WHERE kind = 'charges' AND period = '0001-01-01'")
    op.execute(
        "INSERT INTO dirty (kind, cluster, project, period) "
        "SELECT DISTINCT 'charges', '', project, '0001-01-01' FROM rollup_daily"
    )


def _versions(conn: sa.Connection) -> Iterator[dict[str, Any]]:
    """The list by day as versions: one begins with each day on which a price changed before the first price file."""
    centre = op.get_context().config.attributes.get("centre")  # type: ignore[union-attr]
    zone, currency = (centre.zone, centre.currency) if centre else (UTC, "HKD")
    files = conn.execute(sa.text("SELECT min(from_at), min(currency) FROM price_versions")).one()
    ask = sa.text("SELECT resource, from_on, minor_per_hour, note FROM list_prices ORDER BY from_on")
    rows = conn.execute(ask.columns(from_on=sa.Date())).all()
    held: dict[str, str] = {}
    for day in sorted({row.from_on for row in rows}):
        start = int(datetime.combine(day, time(), zone).timestamp())
        if files[0] is not None and start >= files[0]:
            return
        today = [row for row in rows if row.from_on == day]
        held |= {row.resource: f"{row.minor_per_hour // 100}.{row.minor_per_hour % 100:02d}" for row in today}
        content: dict[str, Any] = {"name": f"prices of {day}", "from": day.isoformat(), "note": today[0].note}
        content["gpu_hour"] = {name: amount for name, amount in held.items() if name != CPU}
        if CPU in held:
            content["core_hour"] = held[CPU]
        written = json.dumps(content, sort_keys=True, ensure_ascii=False)
        yield {
            "name": content["name"],
            "from_at": start,
            "currency": files[1] or currency,
            "content": written,
            "sha256": sha256(written.encode()).hexdigest(),
            "source": FROM_LIST,
            "loaded_at": start,
        }


def _plain(content: str) -> Iterator[dict[str, Any]]:
    """A version as rows of the list by day, which holds whole cents from a day on only."""
    version = json.loads(content)
    prices = dict(version.get("gpu_hour", {})) | ({CPU: version["core_hour"]} if version.get("core_hour") else {})
    for resource, amount in prices.items():
        yield {
            "resource": resource,
            "from_on": date.fromisoformat(str(version["from"])[:10]),
            "minor_per_hour": int((Decimal(str(amount)) * 100).to_integral_value()),
            "note": str(version.get("note", "")),
        }


def _guard_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION price_versions_stay() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a price version is never changed (%)', TG_NAME; END $$"
    )
    for name, event in GUARDS.items():
        each = "FOR EACH ROW EXECUTE FUNCTION price_versions_stay()"
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON price_versions {each}")
    op.execute(
        "CREATE TRIGGER price_versions_no_truncate BEFORE TRUNCATE ON price_versions "
        "FOR EACH STATEMENT EXECUTE FUNCTION price_versions_stay()"
    )
