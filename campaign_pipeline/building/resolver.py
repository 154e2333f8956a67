"""From an order to the trigger that a run is held to.

Belongs here: parent or base run, brief and overrides, and the order in which they are looked up and checked.
Does not belong here: reading a brief's file (building.brief_file), storing its files (building.intake).
"""

from campaign_pipeline.building.blobs import Blobs
from campaign_pipeline.building.brief_file import brief_path, read_brief, resolve_brief, shown_place
from campaign_pipeline.building.choices import audio_choice, cache_choice, text_choice
from campaign_pipeline.building.intake import Intake
from campaign_pipeline.building.order import RunOrder
from campaign_pipeline.building.origin import Origin
from campaign_pipeline.building.trigger import Trigger
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import TenantLedger


class TriggerResolver:
    """Turns an order into the trigger that the run is held to.

    Args:
        blobs: Where the brief's files are taken in: the artifact store, or what only hashes them for a plan.
    """

    def __init__(self, *, settings: Settings, ledger: TenantLedger, blobs: Blobs) -> None:
        self._settings = settings
        self._ledger = ledger
        self._blobs = blobs

    def resolve(self, order: RunOrder) -> Trigger:
        """Read the brief, check it, and take the files it names into the store.

        Raises:
            CampaignError: Whatever stops this build before a step can work, in the contract's codes.
        """
        order.check()
        self._settings.check()
        parent = self._parent_trigger(order)
        if parent is not None:
            brief, template = Brief.model_validate(parent.brief), load_template(parent.template_id)
            self._intake(order).take_in(brief, template=template, known=parent.files)
            return parent
        cache, base = cache_choice(order, self._settings), self._base_trigger(order)
        origin = self._origin(order, base)
        brief = _brief(order, origin)
        with origin.named():
            template = load_template(brief.template_id)
            template.check_brief(brief)
            text = text_choice(order, brief, self._settings)
            audio = audio_choice(order, brief, self._settings)
            known = _unchanged_files(brief, base)
            files = self._intake(order).take_in(brief, template=template, known=known)
        return Trigger(
            tenant_id=order.tenant_id,
            campaign_id=order.campaign_id,
            template_id=template.template_id,
            brief=brief.to_json(),
            overrides=order.overrides,
            base_run_id=order.base_run_id,
            cache=cache,
            launched_by=order.launched_by,
            text=text,
            audio=audio,
            files=files,
        )

    def _intake(self, order: RunOrder) -> Intake:
        return Intake(self._blobs, folder=self._settings.briefs_dir / order.tenant_id)

    def _origin(self, order: RunOrder, base: Trigger | None) -> Origin:
        if base is not None:
            place, written = f"the brief of run {order.base_run_id}", base.brief
        else:
            of = (self._settings.briefs_dir, order.tenant_id, order.campaign_id)
            place, written = shown_place(brief_path(*of)), read_brief(*of)
        return Origin(place, written, order.overrides, order.by_option)

    def _parent_trigger(self, order: RunOrder) -> Trigger | None:
        """A re-execution builds what its parent was asked to build, whatever the brief says by now."""
        if order.parent_run_id is None:
            return None
        parent = self._ledger.run(order.parent_run_id)
        # A tag can name any run: only one of this campaign is a parent. One that was refused has nothing to inherit.
        if parent is None or parent.campaign_id != order.campaign_id or parent.trigger.get("brief") is None:
            return None
        return Trigger.model_validate(parent.trigger)

    def _base_trigger(self, order: RunOrder) -> Trigger | None:
        if order.base_run_id is None:
            return None
        base = self._ledger.run(order.base_run_id)
        if base is None or base.campaign_id != order.campaign_id:
            message = f"base_run_id: {order.base_run_id} is no run of {order.key}"
            right = f"`campaign show {order.key}` names its newest one"
            raise CampaignError(ErrorCode.BASE_RUN_NOT_FOUND, f"{message}; {right}")
        if base.status != "completed":
            message = f"base_run_id: {order.base_run_id} is {base.status}; only a completed run can be a base"
            raise CampaignError(ErrorCode.INCOMPLETE_BASE_RUN, message)
        return Trigger.model_validate(base.trigger)


def _brief(order: RunOrder, origin: Origin) -> Brief:
    names = {"tenant": order.tenant_id, "campaign": order.campaign_id}
    try:
        return resolve_brief(origin.written, overrides=origin.overrides, **names)
    except CampaignError as error:
        raise origin.naming(error) from None


def _unchanged_files(brief: Brief, base: Trigger | None) -> dict[str, StoredFile]:
    """Name the base run's files that this brief still names in the same way."""
    if base is None:
        return {}
    now = brief.file_references()
    then = Brief.model_validate(base.brief).file_references()
    return {field: file for field, file in base.files.items() if now.get(field) == then.get(field)}
