"""Topics of the corpus, and the Ombudsmen's names for them."""

from pipeline.domain import Category, Jurisdiction

_HOUSING = "Housing"
_STREETS = "Environmental Services and Public Protection and Regulation"
_ROADS = "Highways and Transport"
_CONDITION = "Property Condition"
_ESTATE = "Estate Management"
_SAFETY = "Health and Safety (inc. building safety)"
_CORPORATE = "Corporate and Other Services"

CATEGORIES: dict[str, Category] = {
    "repairs": Category(hos=_CONDITION, lgsco=_HOUSING),
    "damp_mould": Category(hos=_CONDITION, lgsco=_HOUSING),
    "heating": Category(hos=_CONDITION, lgsco=_HOUSING),
    "leaks": Category(hos=_CONDITION, lgsco=_HOUSING),
    "electrics": Category(hos=_CONDITION, lgsco=_HOUSING),
    "lifts": Category(hos=_CONDITION, lgsco=_HOUSING),
    "doors_windows": Category(hos=_CONDITION, lgsco=_HOUSING),
    "adaptations": Category(hos=_CONDITION, lgsco="Adult Care Services"),
    "gas_safety": Category(hos=_SAFETY, lgsco=_HOUSING),
    "fire_safety": Category(hos=_SAFETY, lgsco=_HOUSING),
    "pests": Category(hos=_CONDITION, lgsco=_STREETS),
    "cleaning": Category(hos=_ESTATE, lgsco=_STREETS),
    "grounds": Category(hos=_ESTATE, lgsco=_STREETS),
    "bins": Category(hos=_ESTATE, lgsco=_STREETS),
    "fly_tipping": Category(hos=_ESTATE, lgsco=_STREETS),
    "roads_lighting": Category(hos=_ESTATE, lgsco=_ROADS),
    "parking": Category(hos=_ESTATE, lgsco=_ROADS),
    "noise_asb": Category(hos="Anti-Social Behaviour", lgsco=_STREETS),
    "rent": Category(hos="Charges", lgsco=_HOUSING),
    "service_charge": Category(hos="Charges", lgsco=_HOUSING),
    "council_tax": Category(hos="Charges", lgsco="Benefits and Tax"),
    "benefits": Category(hos="Reimbursement and Payments", lgsco="Benefits and Tax"),
    "allocations_homelessness": Category(hos="Moving to a Property", lgsco=_HOUSING),
    "planning": Category(hos=_ESTATE, lgsco="Planning and Development"),
    "licensing": Category(hos=_ESTATE, lgsco=_STREETS),
    "schools_transport": Category(hos="Resident Involvement", lgsco="Education and Children's Services"),
    "adult_social_care": Category(hos="Resident Involvement", lgsco="Adult Care Services"),
    "staff_conduct": Category(hos="Staff", lgsco=_CORPORATE),
    "contractors": Category(hos=_CONDITION, lgsco=_HOUSING),
    "data_protection": Category(hos="Information and Data Management", lgsco=_CORPORATE),
    "communications": Category(hos="Complaints Handling", lgsco=_CORPORATE),
}
"""Topic of the corpus -> category. Where a landlord has no such service the nearest name is used."""

_COUNCIL_ONLY = frozenset(
    {"roads_lighting", "council_tax", "benefits", "planning", "licensing", "schools_transport", "adult_social_care"}
)
_LANDLORD = frozenset(
    {
        "repairs",
        "damp_mould",
        "heating",
        "leaks",
        "electrics",
        "lifts",
        "doors_windows",
        "gas_safety",
        "rent",
        "service_charge",
    }
)


def jurisdiction_of(topic: str) -> Jurisdiction:
    """Whose Code governs the topic: landlord matters HOS, council-only services LGSCO, else unknown."""
    if topic in _LANDLORD:
        return Jurisdiction.HOS
    return Jurisdiction.LGSCO if topic in _COUNCIL_ONLY else Jurisdiction.UNKNOWN
