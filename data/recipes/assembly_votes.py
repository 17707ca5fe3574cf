"""How sixteen states voted on the General Assembly's texts about the Syrian conflict."""

from pathlib import Path

import pandas as pd

NAME = "assembly_votes"
INPUTS = ("unga-roll-calls/raw/un_roll_calls.rda", "unga-roll-calls/raw/un_votes.rda")
PUBLISHED = "GitHub, dgrtwo/unvotes, data/ (after Harvard Dataverse doi:10.7910/DVN/LEJUQZ)"

BY_HAND = Path(__file__).with_name("assembly_votes_by_hand.csv")
"""Votes on the resolutions that the provider's file lacks, with the record each was read in."""

CODES = {
    "CN": "CHN", "EG": "EGY", "FR": "FRA", "GB": "GBR", "IR": "IRN", "IQ": "IRQ", "IL": "ISR", "JO": "JOR",
    "LB": "LBN", "QA": "QAT", "RU": "RUS", "SA": "SAU", "SY": "SYR", "TR": "TUR", "UA": "UKR", "US": "USA",
}  # fmt: skip

RESOLUTIONS = (
    "66/176", "66/253", "67/183", "68/182", "69/189", "70/234",
    "71/130", "71/203", "71/248", "72/191", "73/182", "74/169",
)  # fmt: skip


def make(folder: Path) -> pd.DataFrame:
    """Return one row per resolution and state that took part: yes, no or abstain.

    Raises
    ------
    ValueError
        A resolution stands in the provider's file not exactly once.
    """
    import rdata

    calls = rdata.read_rda(folder / INPUTS[0])["un_roll_calls"]
    votes = rdata.read_rda(folder / INPUTS[1])["un_votes"]
    number = calls["unres"].str.removeprefix("A/RES/").str.removeprefix("R/")
    wanted = calls.assign(resolution=number)[number.isin(RESOLUTIONS)]
    for resolution in RESOLUTIONS:
        if (found := (wanted["resolution"] == resolution).sum()) != 1:
            raise ValueError(f"{INPUTS[0]}: resolution {resolution} stands there {found} times, not once")
    table = votes[votes["country_code"].isin(list(CODES))].merge(wanted[["rcid", "resolution"]], on="rcid")
    table = pd.DataFrame(
        {
            "resolution": table["resolution"],
            "country": table["country_code"].map(CODES),
            "vote": table["vote"].astype(str),
            "source": "voeten2009data",
        }
    )
    return pd.concat([table, pd.read_csv(BY_HAND, dtype=str)]).sort_values(
        ["resolution", "country"], kind="stable"
    )
