"""Prints how well one part of the phrasings is understood; see the package."""

from __future__ import annotations

import sys

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.rulebook import loading
from tests.phrasings import Outcome, Share, Summary, confusions, load, outcomes, summary


def main() -> None:
    part = "tuning" if "tuning" in sys.argv[1:] else "measured"
    adviser = Adviser(loading.load())
    found = outcomes(adviser, [one for one in load() if one.part == part])
    print(f"{part} part: {len(found)} phrasings\n")
    _tell("both languages", summary(found))
    for lang in ("en", "zh"):
        _tell(lang, summary(one for one in found if one.phrasing.lang == lang))
    both = [one for one in found if one.phrasing.plan]
    print("two jobs in one sentence")
    print(f"  both found, or one task that does it  {Share(sum(one.acceptable for one in both), len(both))}")
    print(f"  right family                          {Share(sum(one.right_family for one in both), len(both))}\n")
    print("by kind: acceptable")
    for kind in dict.fromkeys(one.phrasing.kind for one in found):
        print(f"  {kind:<16}{_by_language([one for one in found if one.phrasing.kind == kind])}")
    print("\nconfused: wanted -> got")
    for (wanted, got), often in confusions(found)[:40]:
        print(f"  {often:3}  {wanted} -> {got}")


def _tell(title: str, of: Summary) -> None:
    print(title)
    for name, share in of._asdict().items():
        print(f"  {name:<16}{share}")
    print()


def _by_language(found: list[Outcome]) -> str:
    cells = [Share(sum(one.acceptable for one in found), len(found))]
    for lang in ("en", "zh"):
        spoken = [one for one in found if one.phrasing.lang == lang]
        cells.append(Share(sum(one.acceptable for one in spoken), len(spoken)))
    return "   ".join(f"{name} {share}" for name, share in zip(("all", "en", "zh"), cells, strict=True) if share.of)


if __name__ == "__main__":
    main()
