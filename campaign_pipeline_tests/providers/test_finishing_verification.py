"""The verdicts on finished music, each by itself."""

from dataclasses import replace
from typing import Any

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.finishing.measures import Measures
from campaign_pipeline.providers.finishing.verification import refuse_faults, verdicts

REQUEST = AudioRequest(duration_sec=10)
GOOD = Measures(
    frames=441000,
    frames_before=4410,
    frames_after=3087,
    channels=2,
    sample_rate=44100,
    loudness_lufs=-18.2,
    true_peak_dbtp=-2.0,
    crest_db=14.0,
    centroid_hz=1200.0,
    flatness=0.1,
    above_300_hz_lu=-1.0,
    correlation=0.7,
    dc=0.0,
    seam=0.2,
)


def _failed(**wrong: Any) -> dict[str, str]:
    checks = verdicts(replace(GOOD, **wrong), request=REQUEST)
    return {check.name: check.fault for check in checks if not check.passed}


def test_each_property_of_good_music_has_a_good_verdict() -> None:
    checks = verdicts(GOOD, request=REQUEST)

    assert [check.name for check in checks] == [
        "duration",
        "channels",
        "sample_rate",
        "loudness",
        "true_peak",
        "dc",
        "spectrum",
        "seam",
    ]
    assert all(check.passed and check.value is not None for check in checks)
    refuse_faults(checks)


@pytest.mark.parametrize(
    ("measure", "value", "name", "fault"),
    [
        (
            "frames",
            440999,
            "duration",
            "10.000 s (440999 sample frames and 7497 around them); 10 s (441000 sample frames and",
        ),
        ("channels", 1, "channels", "1 channel; 2 channels is right"),
        ("sample_rate", 22050, "sample_rate", "22050 Hz; 44100 Hz is right"),
        ("frames_before", 4411, "duration", "(441000 sample frames and 7498 around them); 10 s"),
        ("frames_after", 3000, "duration", "(441000 sample frames and 7410 around them); 10 s"),
        ("loudness_lufs", -18.51, "loudness", "-18.51 LUFS; -18 ±0.5 LUFS is right"),
        ("loudness_lufs", -17.49, "loudness", "-17.49 LUFS; -18 ±0.5 LUFS is right"),
        ("true_peak_dbtp", -1.49, "true_peak", "a true peak of -1.49 dBTP; at most -1.5 dBTP is right"),
        ("dc", 0.002, "dc", "DC of 0.0020 of full scale; at most 0.001 is right"),
        ("centroid_hz", 11025.0, "spectrum", "a spectral centroid of 11025 Hz"),
        ("centroid_hz", 40.0, "spectrum", "a spectral centroid of 40 Hz"),
        ("crest_db", 0.5, "spectrum", "a crest of 0.5 dB"),
        ("crest_db", 35.0, "spectrum", "a crest of 35.0 dB"),
        (
            "flatness",
            0.97,
            "spectrum",
            "a flatness of 0.97; music of 60 to 9000 Hz, 2.5 to 30 dB, at most 0.9",
        ),
        (
            "seam",
            1.2,
            "seam",
            "a step at the loop's seam 1.20 times the largest ordinary one; at most 1 is right",
        ),
    ],
)
def test_one_wrong_number_is_the_fault_of_one_property(
    measure: str, value: float, name: str, fault: str
) -> None:
    failed = _failed(**{measure: value})

    assert list(failed) == [name]
    assert fault in failed[name]


def test_a_piece_that_need_not_loop_is_held_to_no_seam() -> None:
    checks = verdicts(GOOD, request=AudioRequest(duration_sec=10, loopable=False))

    assert "seam" not in {check.name for check in checks}


@pytest.mark.parametrize("fields", [{"format": "wav"}, {"loopable": False}], ids=str)
@pytest.mark.parametrize("surplus", ["frames_before", "frames_after"])
def test_around_a_wav_or_a_piece_that_ends_there_is_nothing(surplus: str, fields: dict[str, Any]) -> None:
    exact = replace(GOOD, frames_before=0, frames_after=0)
    request = AudioRequest.model_validate({"duration_sec": 10, **fields})

    held = [
        {check.name: check.passed for check in verdicts(measures, request=request)}["duration"]
        for measures in (exact, replace(exact, **{surplus: 1}))
    ]

    assert held == [True, False]


def test_every_fault_is_named_in_one_error() -> None:
    checks = verdicts(replace(GOOD, frames=1, dc=0.5), request=REQUEST)

    with pytest.raises(CampaignError) as caught:
        refuse_faults(checks)

    assert caught.value.code is ErrorCode.GENERATION_FAILED
    assert caught.value.message == (
        "audio: the finished music has 0.000 s (1 sample frames and 7497 around them); "
        "10 s (441000 sample frames and 7497 around them) is right, "
        "and has DC of 0.5000 of full scale; at most 0.001 is right"
    )
