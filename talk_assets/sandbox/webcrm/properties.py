"""What Webcrm's records hold: every property of the published description, with kind, greatest length and blank value.

Add a property here when the description gains one. What the custom fields mean is each customer's own business: the
layout of the generated data is in `data`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from talk_assets.sandbox.webcrm import times

BLANK: Mapping[str, Any] = {"text": "", "int": 0, "number": 0.0, "bool": False, "time": times.NONE}
LONGEST_ID = 18
CENSORED = "(censored)"
RANGE = re.compile(r"(\w*?)(\d+)\.\.(\d+)")


@dataclass(frozen=True)
class Property:
    """One property; `length` 0 is unlimited; a `choice` has its values, the first being the blank one.

    `nullable`: it is null as long as nobody has set it.
    """

    kind: str
    length: int = 0
    choices: tuple[str, ...] = ()
    nullable: bool = False

    @property
    def blank(self) -> Any:  # noqa: ANN401 -- a JSON scalar
        """The value that stands for none."""
        if self.nullable:
            return None
        return self.choices[0] if self.choices else BLANK[self.kind]


@dataclass(frozen=True)
class Table:
    """One collection: its path, the name that its properties and the queries use, and its rules.

    `core` are the properties that records usually have a value in; they come first in a record's text, so that the
    rest, all blank, can be cut off. `references` say which collection a property holds an id of. `fixed` cannot be
    changed once the record exists. `names_id`: a POST answers with the new id. `nulls` are null as long as nobody has
    set them. All names are without the table's own in front.
    """

    path: str
    name: str
    kinds: Mapping[str, str]
    core: str
    choices: Mapping[str, str] = field(default_factory=dict)
    required: str | None = None
    keys: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    read_only: str = ""
    censored: str = ""
    fixed: str = ""
    nulls: str = ""
    write_only: str = ""
    deletable: bool = False
    names_id: bool = True

    def full(self, names: str) -> tuple[str, ...]:
        """Names with the table's in front, ranges (`Custom1..15`) written out."""
        return tuple(self.name + name for name in _written_out(names))

    @cached_property
    def properties(self) -> dict[str, Property]:
        """Every property by its full name, the core first."""
        found = {
            name: Property(re.sub(r"\d", "", kind), int(re.sub(r"\D", "", kind) or 0))
            for kind, names in self.kinds.items()
            for name in self.full(names)
        }
        found |= {
            self.name + name: Property("choice", 0, tuple(values.split())) for name, values in self.choices.items()
        }
        found |= {name: replace(found[name], nullable=True) for name in self.full(self.nulls)}
        hidden = set(self.full(self.write_only))
        return {name: found[name] for name in (*self.full(self.core), *found) if name not in hidden}

    @cached_property
    def blanks(self) -> dict[str, Any]:
        """A record without any value."""
        censored = set(self.full(self.censored))
        return {name: CENSORED if name in censored else prop.blank for name, prop in self.properties.items()}

    @cached_property
    def locked(self) -> frozenset[str]:
        """The properties that a client cannot set."""
        own = self.full("Id CreatedAt CreatedBy UpdatedAt UpdatedBy")
        return frozenset((*own, *self.full(self.read_only), *self.full(self.censored)))

    @property
    def id(self) -> str:
        """The property that holds a record's id."""
        return f"{self.name}Id"

    @property
    def updated(self) -> str:
        """The property that holds when a record was last changed."""
        return f"{self.name}UpdatedAt"


def is_id(text: str) -> bool:
    """Whether a text is a number that an id can be."""
    return text.isdecimal() and len(text) < LONGEST_ID


def _written_out(names: str) -> Iterator[str]:
    for name in names.split():
        found = RANGE.fullmatch(name)
        if found is None:
            yield name
        else:
            yield from (f"{found[1]}{number}" for number in range(int(found[2]), int(found[3]) + 1))


STAMPS = "Id CreatedAt CreatedBy UpdatedAt UpdatedBy"

PERSONS = Table(
    "Persons",
    "Person",
    {
        "text": "CampaignPassword Comment CreatedBy Custom1..15 DirectPhone Email Email2 FirstName History "
        "ImageFileExtension LastName LoginLog MarketDateId MemberNumber MemberPassword Memo MiddleName MobilePhone "
        "Name Password Plus1..20 Salutation Skype TelephoneSearch Title UpdatedBy",
        "int": "CampaignWrongPasswordCount Id MemberGroupId MemberLanguageId MemberStatusId MemberWrongPasswordCount "
        "OrganisationId SortOrder SupportLanguageId",
        "bool": "BlockMassEmail BlockMassEmail2 CheckMark1..10 Email2Bounces EmailBounces",
        "time": "Birthday CreatedAt LastLoginDateTime MemberStartDate UpdatedAt",
    },
    core=f"{STAMPS} FirstName LastName MiddleName Name OrganisationId Title Email DirectPhone MobilePhone "
    "TelephoneSearch Birthday Status Custom3 Custom4 Custom15",
    choices={"Status": "Active Resigned Other Guest"},
    required="LastName",
    keys="Custom15 Email OrganisationId",
    references={"OrganisationId": "Organisations"},
    read_only="Name TelephoneSearch History LoginLog CampaignWrongPasswordCount MemberWrongPasswordCount",
    censored="Password MemberPassword CampaignPassword",
    fixed="OrganisationId",
    nulls="LastLoginDateTime MemberGroupId MemberLanguageId MemberNumber MemberStartDate MemberStatusId Plus1..20",
)

ORGANISATIONS = Table(
    "Organisations",
    "Organisation",
    {
        "text": "Comment CreatedBy Custom1..15 History ImageFileExtension MarketDataId Memo OverlayUrl Plus1..20 "
        "PostCode State Status TelephoneSearch Type UpdatedBy VatStatus XMemo1..2",
        "text10": "VatCountry",
        "text20": "VatGroup",
        "text50": "Alert City Country Domain ExtraCustom1..8 Fax Gps Industry Telephone VatNumber Www XText1..8",
        "text200": "DivisionName Name",
        "text250": "Address",
        "text500": "CompareName",
        "int": "ApprovalStatus Id MarketDataProviderId OutlookSync Owner Owner2 ReportTemp Sla TerritoryId XInt1..8",
        "bool": "NoAds",
        "time": "CreatedAt LastDisplayedAt LastItemUpdatedAt UpdatedAt VatVerifiedAt XDate1..2",
    },
    core=f"{STAMPS} Name CompareName VatNumber Telephone TelephoneSearch Www Address PostCode City Country Status Type "
    "Custom14 Custom15",
    choices={"LastItemType": "Undefined Activity Opportunity Delivery Meeting SupportCase"},
    required="Name",
    keys="Custom15 VatNumber",
    read_only="TelephoneSearch CompareName History LastDisplayedAt LastItemType LastItemUpdatedAt",
    names_id=False,
)

OPPORTUNITIES = Table(
    "Opportunities",
    "Opportunity",
    {
        "text": "Comment CreatedBy CurrencyName Custom1..15 Description ErpId ErpReadOnly History LevelText Lost1..3 "
        "Memo Note Number Plus1..20 Product Search1..2 SpentTime UpdatedBy",
        "int": "AssignedTo AssignedTo2 Id Level OrganisationId Percent PersonId ProductId QuotationLanguageId "
        "UserGroupId WinPercent WinPercent2",
        "number": "Discount GmRevenue1..12 OrderGmValue OrderValue Revenue1..12",
        "bool": "WinYesNo",
        "time": "CreatedAt ErpSyncDateTime LostDate NextFollowUp OrderDate UpdatedAt",
    },
    core=f"{STAMPS} Number Description OrganisationId PersonId AssignedTo OrderDate NextFollowUp CurrencyName WinYesNo "
    "OrderValue Level LevelText Percent ErpId",
    choices={"ErpStatus": "NotReadyForSynchronization ReadyForSynchronization Synchronized"},
    keys="ErpId Number OrganisationId AssignedTo Level",
    references={"OrganisationId": "Organisations", "PersonId": "Persons", "AssignedTo": "Users"},
    read_only="History",
)

QUOTATION_LINES = Table(
    "QuotationLines",
    "QuotationLine",
    {
        "text": "Comment CreatedBy Data1..9 Memo StockStatus UpdatedBy",
        "int": "Id LinkedDataId OpportunityId OrganisationId PersonId SortOrder",
        "number": "CostPrice Discount ListPrice Price Quantity VatPercentage",
        "time": "CreatedAt UpdatedAt",
    },
    core=f"{STAMPS} OpportunityId OrganisationId PersonId Data4 Data9 Comment Memo Quantity Price Discount SortOrder",
    keys="Data9 OpportunityId",
    references={"OpportunityId": "Opportunities", "OrganisationId": "Organisations", "PersonId": "Persons"},
    write_only="LinkedDataId",
    deletable=True,
)

PRODUCTS = Table(
    "Products",
    "Product",
    {
        "text": "Combined Comment CreatedBy Custom1..15 History Memo Plus1..20 StockStatus UpdatedBy VatCode",
        "int": "Id OrganisationId PersonId ProductYear SortOrder",
        "number": "CostPrice Discount ListPrice Price Quantity",
        "time": "CreatedAt UpdatedAt",
    },
    core=f"{STAMPS} Custom1..4 Custom15 Memo Price CostPrice",
    keys="Custom1 Custom15 OrganisationId",
    references={"OrganisationId": "Organisations", "PersonId": "Persons"},
    read_only="History Combined",
    deletable=True,
)

USERS = Table(
    "Users",
    "User",
    {
        "text": "AdvancedGroups AuthenticationCode BccEmail BccTag BudgetNote CreatedBy CurrencyName Custom1..15 "
        "DecimalPoint Email Initials IntegrationId IpRestrict LoginLog LoginName Memo MobilePhone Name Password "
        "PhoneParameters SoftCall Telephone Territories Ticket Title UpdatedBy",
        "int": "AccessId AccessLevel DefaultMemberGroupId DefaultOpportunity2ndResponsible "
        "DefaultOrganisation2ndResponsible DefaultSupportCaseChannel GmtDifference GroupId Id LanguageId LoginCount "
        "SmsLogin WrongPasswordCount",
        "bool": "IsRestApiEnabled IsSpellCheckerEnabled IsSupportCaseAvailableStatusEnabled PasswordInUrl",
        "time": "CreatedAt LastLoginDateTime LastTryDateTime PasswordUpdatedAt SupportCaseExpirationDateTime "
        "SupportCaseLatest TicketExpirationDateTime UpdatedAt",
    },
    core=f"{STAMPS} Name Initials LoginName Title Email Telephone MobilePhone AccessLevel IntegrationId",
    choices={
        "AddressFormat": "Scandinavian UK US",
        "BccMode": "NoTag TagBeginning TagEnd",
        "CalendarColorScheme": "Scheme0 Scheme1 Scheme2 Scheme3 Scheme4 Scheme5 Scheme6 Scheme7 Scheme8 Scheme9 "
        "Dashboard",
        "DateFormat": "DDhMMhYYYY YYYYhMMhDD MMsDDsYYYY DDpMMpYYYY YYYYpMMpDD",
        "SupportCaseNotificationType": "Never StatusEmail StatusEmailAndMessage Default",
        "SupportCaseStatus": "Available Busy OffLine Absent",
        "SynchronizationMode": "Enabled Disabled",
        "TimeFormat": "Hours24 Hours12",
    },
    required="Name",
    keys="IntegrationId Email",
    read_only="LoginLog LoginCount WrongPasswordCount Ticket TicketExpirationDateTime LastLoginDateTime "
    "LastTryDateTime",
    censored="Password AuthenticationCode",
    names_id=False,
)

TABLES = (ORGANISATIONS, PERSONS, OPPORTUNITIES, QUOTATION_LINES, PRODUCTS, USERS)
