"""An alert as the decisions of its body, and back."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from cameratrap.domain.alerts import Alert
from cameratrap.domain.taxa import TaxaTable
from cameratrap.wire.coding import Reader, Writer
from cameratrap.wire.layout import ALERT_INDIVIDUALS, ALERT_SCORE, ALERT_SEQUENCE, DAY, EPOCH, MINUTE, OTHERS_CODE
from cameratrap.wire.tally_rows import read_taxon, write_taxon


def write_alert(out: Writer, alert: Alert, taxa: TaxaTable) -> None:
    """Append a quantised alert."""
    DAY.write(out, (alert.at.date() - EPOCH).days)
    MINUTE.write(out, 60 * alert.at.hour + alert.at.minute)
    ALERT_SEQUENCE.write(out, alert.sequence, {})
    write_taxon(out, taxa.code_for_name(alert.taxon), after=OTHERS_CODE)
    ALERT_INDIVIDUALS.write(out, alert.individuals, {})
    out.bit(alert.score is not None, "alert score")
    if alert.score is not None:
        ALERT_SCORE.write(out, ALERT_SCORE.number(alert.score), {})


def read_alert(body: Reader, taxa: TaxaTable) -> Alert:
    """The alert that ``write_alert`` appended. Raises DecodeError."""
    day = EPOCH + timedelta(days=DAY.read(body))
    at = datetime.combine(day, time()) + timedelta(minutes=MINUTE.read(body))
    sequence = int(ALERT_SEQUENCE.value(ALERT_SEQUENCE.read(body, {})))
    taxon = taxa.name_for_code(read_taxon(body, after=OTHERS_CODE))
    individuals = int(ALERT_INDIVIDUALS.value(ALERT_INDIVIDUALS.read(body, {})))
    score = ALERT_SCORE.value(ALERT_SCORE.read(body, {})) if body.bit("alert score") else None
    return Alert(at, sequence, taxon, individuals, score)
