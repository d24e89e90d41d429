"""The officer's card: in, PIN, signed. Each thing that can go wrong with a card has a way out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.enrollment.approval import challenge_of, statement_of
from kiosk.enrollment.effects import Record, Seal, SignApproval, SignInByCard
from kiosk.enrollment.events import (
    ApprovalSigned,
    CardChanged,
    CardChosen,
    CardPresence,
    CardRefused,
    CardTrouble,
    FinaliseAsked,
    KeyTyped,
    NumberChosen,
    OfficerCalled,
    RecordOpened,
    Role,
    SignatureSkipped,
    SignedOut,
    SignInAnswered,
    Staff,
    WentBack,
)
from kiosk.enrollment.facts import replay
from kiosk.enrollment.record import OfficerSignature, Stage
from kiosk.enrollment.screens import (
    EMPTY_CARD_FORM,
    EMPTY_FORM,
    Attract,
    CardForm,
    Finalising,
    OfficerApproving,
    OfficerQueue,
    OfficerRecord,
    OfficerSigningIn,
    SignInForm,
)
from tests.enrollment.people import sample
from tests.enrollment.storyboard import Storyboard, with_policy

CARD_IN = CardChanged(CardPresence.PRESENT)
PULLED = CardChanged(CardPresence.ABSENT)
READER_AWAY = CardChanged(CardPresence.READER_AWAY)
BY_CARD = Staff("1001", Role.OFFICER, by_card=True)
SIGNATURE = OfficerSignature("ecdsa-sha256", "MEUCIQ==", "MIIB")


def signing_in() -> Storyboard:
    return Storyboard().happens(CARD_IN, OfficerCalled())


def approving() -> Storyboard:
    story = Storyboard().reaches_the_officer().happens(CARD_IN).officer_signs_in_by_card()
    return story.happens(RecordOpened(story.record.id), FinaliseAsked())


def signed(story: Storyboard) -> ApprovalSigned:
    """The card's answer to what was just asked of it."""
    (ask,) = story.effects
    assert isinstance(ask, SignApproval)
    return ApprovalSigned(ask.enrollment_id, ask.challenge, SIGNATURE)


def test_a_card_in_the_reader_is_asked_for_its_pin_and_opens_the_queue():
    story = signing_in().types("123456")
    assert story.effects == (SignInByCard("123456"),)
    assert story.on(OfficerSigningIn).form == CardForm(asking=True)
    story.happens(SignInAnswered(BY_CARD))
    assert story.on(OfficerQueue).staff.by_card


def test_a_card_put_in_later_takes_the_place_of_an_empty_form_only():
    story = Storyboard().happens(PULLED, OfficerCalled()).happens(CARD_IN)
    assert story.on(OfficerSigningIn).form == EMPTY_CARD_FORM
    typing = Storyboard().happens(PULLED, OfficerCalled(), KeyTyped("1"), CARD_IN)
    assert typing.on(OfficerSigningIn).form == SignInForm(entry="1")


def test_the_number_stays_the_other_way_in():
    story = signing_in().happens(NumberChosen())
    assert story.on(OfficerSigningIn).form == EMPTY_FORM
    story.staff_signs_in().on(OfficerQueue)
    back = signing_in().happens(NumberChosen(), CardChosen())
    assert back.on(OfficerSigningIn).form == EMPTY_CARD_FORM


def test_a_wrong_pin_tells_the_tries_left_and_is_never_tried_again_by_itself():
    story = signing_in().types("000000").happens(CardRefused(tries_left=2))
    form = story.on(OfficerSigningIn).form
    assert (form.message, form.tries_left, form.entry) == ("card.bad_pin_tries", 2, "")
    assert story.effects == ()


def test_a_card_that_does_not_count_aloud_only_refuses():
    form = signing_in().types("000000").happens(CardRefused()).on(OfficerSigningIn).form
    assert form.message == "card.bad_pin"


def test_the_last_wrong_pin_says_the_card_is_blocked():
    story = signing_in().types("000000").happens(CardRefused(tries_left=0))
    assert story.on(OfficerSigningIn).form.trouble is CardTrouble.BLOCKED
    story.happens(NumberChosen()).staff_signs_in().on(OfficerQueue)


@pytest.mark.parametrize(("gone", "told"), [(PULLED, "pulled"), (READER_AWAY, "reader_away")])
def test_a_card_pulled_or_a_reader_restarted_is_told_and_heals(gone, told):
    story = signing_in().happens(KeyTyped("1"), gone)
    assert story.on(OfficerSigningIn).form == CardForm(trouble=CardTrouble(told))
    assert story.happens(CARD_IN).on(OfficerSigningIn).form == EMPTY_CARD_FORM


def test_a_card_pulled_while_it_works_is_told_by_its_answer():
    story = signing_in().types("123456").happens(PULLED)
    assert story.on(OfficerSigningIn).form.asking
    story.happens(CardRefused(trouble=CardTrouble.PULLED))
    assert story.on(OfficerSigningIn).form.trouble is CardTrouble.PULLED


def test_a_card_put_back_before_its_answer_came_is_tried_again_by_hand():
    story = signing_in().types("1").happens(PULLED, CARD_IN, CardRefused(trouble=CardTrouble.PULLED))
    assert story.happens(CardChosen()).on(OfficerSigningIn).form == EMPTY_CARD_FORM


def test_a_strangers_card_opens_nothing_and_another_may_be_put_in():
    story = signing_in().types("123456").happens(CardRefused(trouble=CardTrouble.NOT_KNOWN))
    assert story.on(OfficerSigningIn).form.trouble is CardTrouble.NOT_KNOWN
    story.happens(PULLED, CARD_IN).types("654321").happens(SignInAnswered(BY_CARD)).on(OfficerQueue)


def test_an_answer_to_a_sign_in_given_up_opens_nothing():
    story = signing_in().types("123456").happens(WentBack(), OfficerCalled(), NumberChosen())
    story.types("2001").happens(SignInAnswered(BY_CARD))
    assert story.on(OfficerSigningIn).form.number == "2001"


def test_the_finalising_officer_signs_what_is_finalised():
    story = approving()
    assert story.record.stage is Stage.AWAIT_OFFICER
    story.types("123456")
    (ask,) = story.effects
    assert isinstance(ask, SignApproval)
    assert ask.officer == "1001"
    story.happens(signed(story)).on(Finalising)
    assert story.record.officer_signature == SIGNATURE
    assert ask.challenge == challenge_of(statement_of(story.record))
    assert Seal(story.record.id) in story.effects
    assert replay(fact for _, fact in story.facts) == story.record


def test_any_change_of_the_record_changes_what_is_signed():
    story = approving().types("123456").happens()
    enrollment = story.record
    other = enrollment.with_samples((sample(enrollment.samples[0].position, 99),))
    assert challenge_of(statement_of(other)) != challenge_of(statement_of(enrollment))
    assert statement_of(replace(enrollment, packet_sha256="ab" * 32)) == statement_of(enrollment)


def test_nothing_is_recorded_before_the_card_has_signed():
    story = approving().types("123456")
    assert not any(isinstance(effect, Record) for effect in story.effects)
    story.happens(CardRefused(trouble=CardTrouble.NOT_YOURS))
    assert story.on(OfficerApproving).form.trouble is CardTrouble.NOT_YOURS
    story.happens(WentBack()).on(OfficerRecord)
    assert story.record.finalised is None


def test_a_blocked_card_does_not_hold_the_resident_up():
    story = approving().types("1").happens(CardRefused(tries_left=0), SignatureSkipped())
    story.on(Finalising)
    assert story.record.officer_signature is None


def test_a_signature_that_comes_after_the_officer_left_finalises_nothing():
    story = approving().types("123456")
    late = signed(story)
    story.happens(SignedOut(), late).on(Attract)
    assert story.record.finalised is None


def test_a_signature_under_an_earlier_attempt_is_not_taken_for_the_present_one():
    story = approving().types("123456")
    late = signed(story)
    story.happens(SignedOut(), OfficerCalled()).types("123456").happens(SignInAnswered(BY_CARD))
    story.happens(RecordOpened(story.record.id), FinaliseAsked(override="seen again")).types("123456")
    present = signed(story)
    story.happens(late)
    assert story.on(OfficerApproving).form.asking
    assert story.record.finalised is None
    story.happens(present).on(Finalising)
    assert story.record.override == "seen again"


def test_without_a_card_device_finalising_goes_as_ever():
    story = Storyboard().reaches_the_officer().officer_opens_the_record().happens(FinaliseAsked())
    story.on(Finalising)


def test_who_signed_in_by_card_and_pulled_it_is_asked_for_it():
    story = Storyboard().reaches_the_officer().happens(CARD_IN).officer_signs_in_by_card()
    story.happens(PULLED, RecordOpened(story.record.id), FinaliseAsked())
    assert story.on(OfficerApproving).form.trouble is CardTrouble.PULLED
    story.happens(CARD_IN).types("123456")
    story.happens(signed(story)).on(Finalising)


def test_where_the_card_is_required_nothing_else_finalises():
    for pin_only in (CardChanged(CardPresence.ABSENT), CardChanged(CardPresence.READER_AWAY), None):
        story = Storyboard(with_policy(officer_card_required=True)).reaches_the_officer()
        story.happens(*([pin_only] if pin_only else [])).officer_opens_the_record()
        story.happens(FinaliseAsked())
        assert story.on(OfficerApproving).form.trouble is not None
        story.happens(SignatureSkipped()).on(OfficerApproving)
        assert story.record.finalised is None
        story.happens(CARD_IN).types("123456")
        story.happens(signed(story))
        story.on(Finalising)
        assert story.record.officer_signature == SIGNATURE
