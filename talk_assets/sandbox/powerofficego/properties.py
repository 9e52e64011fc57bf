"""What Powerofficego's records hold: every property of the published description, by kind, and who may set it.

Add a property here when the description gains one. What the server makes of what it is sent is in `records`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

UNITS = (
    "BX MTR KMT KGM EA LTR HUR DAY MTK MTQ TNE MON ANN QAN NL XRO XBA XPL XPC PR XCI XBG SET XTY XOF FTK KWH MWH "
    "LBR CMT DMT LM XPK GRM HGM XFL XBE E54 MMT DAA H18 MLT HLT DLT AK XCR E14 MJ J57 XJG XCT XSA XTU WEE XCA XCN "
    "NAR M4 XVQ P1 MFU KMK LM3 FOT FM3 E34 E35"
)

ENUMS: Mapping[str, tuple[str, ...]] = {
    "InvoiceDeliveryType": ("PdfByEmail", "Print", "EHF", "AvtaleGiro", "External", "Efaktura", "Factoring"),
    "ByMail": ("PdfByEmail", "Print"),
    "Agriculture": ("None", "Finance", "Farming", "Forestry", "FurAnimals", "OtherIndustries", "Private"),
    "ProductType": ("Product", "Service"),
    "OrderStatus": ("Draft", "Confirmed"),
    "LineType": ("Normal", "Text", "Summary", "InvoiceFee", "TotalHours"),
    "VatReturn": (
        "None",
        "Adjustment",
        "LossesOnClaims",
        "ReversalOfInputValueAddedTax",
        "Withdrawals",
        "AdjustmentVatCompensationRealProperty",
        "PurchasesEligibleForCompensation",
    ),
    "Unit": tuple(UNITS.split()),
}


@dataclass(frozen=True)
class Property:
    """One property; `length` 0 is unlimited; an `enum` names its values in `ENUMS`."""

    kind: str
    length: int = 0


ADDRESS: Mapping[str, Property] = {
    "AddressLine1": Property("text", 200),
    "AddressLine2": Property("text", 200),
    "ZipCode": Property("text", 50),
    "City": Property("text", 100),
    "CountryCode": Property("text"),
}
CONTACT_ADDRESS: Mapping[str, Property] = {**ADDRESS, "ExternalCode": Property("text", 50)}


@dataclass(frozen=True, eq=False)
class Table:
    """One collection. `name` is what its records are called in errors.

    `kinds` are property names by kind; a kind with a number in it is a text of at most so many characters. `read_only`
    nobody sets, `on_create` only a POST does (the codes and numbers that stand beside an id). `fixed` are what a record
    has when a POST does not say. `unique` is the property that no two records share.
    """

    path: str
    name: str
    kinds: Mapping[str, str]
    read_only: str
    on_create: str = ""
    enums: Mapping[str, str] = field(default_factory=dict)
    address: Mapping[str, Property] = field(default_factory=dict)
    required: str = ""
    fixed: Mapping[str, object] = field(default_factory=dict)
    unique: str = ""
    keys: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    integer: bool = True
    filters: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def properties(self) -> dict[str, Property]:
        """Every property by name, the id first."""
        found = {
            name: Property(re.sub(r"\d", "", kind), int(re.sub(r"\D", "", kind) or 0))
            for kind, names in self.kinds.items()
            for name in names.split()
        }
        found |= {name: Property(f"enum {values}") for name, values in self.enums.items()}
        if self.address:
            found["MailAddress"] = Property("address")
        return {"Id": found["Id"], **dict(sorted(found.items()))}

    @cached_property
    def settable(self) -> dict[str, str]:
        """The properties that a POST may set, by their names in lower case."""
        locked = set(self.read_only.split())
        return {name.lower(): name for name in self.properties if name not in locked}

    @cached_property
    def patchable(self) -> dict[str, str]:
        """The properties that a PATCH may set, by their names in lower case."""
        locked = set(self.on_create.split())
        return {lower: name for lower, name in self.settable.items() if name not in locked}


CUSTOMERS = Table(
    "Customers",
    "Customer",
    {
        "number": "Allowance BillableRate",
        "time": "ContactCreatedDateTimeOffset CustomerCreatedDateTimeOffset LastChangedDateTimeOffset",
        "ids": "ContactGroupIds",
        "uuid": "CreatedFromImportJournalId",
        "text": "CurrencyCode DeliveryTerm DepartmentCode EmailAddress FirstName InvoiceBrandingThemeCode "
        "InvoiceEmailAddress InvoiceEmailAddressCC LastName LegalName Name NationalIdNumber OrganizationNumber "
        "PaymentReminderEmailAddress PhoneNumber WebsiteUrl",
        "text50": "ExternalImportReference",
        "date": "CustomerSince DateOfBirth",
        "int": "DeliveryTermId DepartmentId ExternalNumber Id InvoiceBrandingThemeId Number PaymentTerm PaymentTermId "
        "SalesPersonEmployeeId SalesPersonEmployeeNumber SubledgerAccountId",
        "bool": "DoNotAddLatePaymentFees DoNotAddLatePaymentInterest DoNotAutomatePaymentNotifications IsActive "
        "IsArchived IsPerson IsVatFree SendPaymentReminders TransferToDebtCollectionAgency UseInvoiceFee",
    },
    read_only="ContactCreatedDateTimeOffset CreatedFromImportJournalId CustomerCreatedDateTimeOffset Id IsActive "
    "LastChangedDateTimeOffset SubledgerAccountId",
    on_create="DeliveryTerm DepartmentCode InvoiceBrandingThemeCode PaymentTerm SalesPersonEmployeeNumber",
    enums={
        "InvoiceDeliveryType": "InvoiceDeliveryType",
        "NoticeOfDebtCollectionDeliveryType": "ByMail",
        "ReminderDeliveryType": "ByMail",
    },
    address=CONTACT_ADDRESS,
    fixed={
        "InvoiceDeliveryType": "PdfByEmail",
        "CurrencyCode": "NOK",
        "IsActive": True,
        "IsArchived": False,
        "IsPerson": False,
        "IsVatFree": False,
        "ContactGroupIds": [],
        "SendPaymentReminders": True,
        "TransferToDebtCollectionAgency": True,
        "UseInvoiceFee": True,
    },
    unique="ExternalImportReference",
    keys="ExternalImportReference Number",
    references={"DepartmentId": "Departments"},
    filters={"externalimportreference": "ExternalImportReference", "customernos": "Number"},
)

SUPPLIERS = Table(
    "Suppliers",
    "Supplier",
    {
        "time": "ContactCreatedDateTimeOffset LastChangedDateTimeOffset SupplierCreatedDateTimeOffset",
        "text": "CurrencyCode EmailAddress FirstName LastName LegalName Name OrganizationNumber PhoneNumber WebsiteUrl",
        "text50": "ExternalImportReference",
        "int": "ExternalNumber Id Number SubledgerAccountId",
        "bool": "IsActive IsArchived IsPerson",
    },
    read_only="Id LastChangedDateTimeOffset",
    fixed={"IsActive": True, "IsArchived": False, "IsPerson": False},
)
"""Only to be read: suppliers are other roles of the contacts that customers are."""

CONTACT_PERSONS = Table(
    "ContactPersons",
    "ContactPerson",
    {
        "int": "ContactId Id",
        "time": "CreatedDateTimeOffset LastChangedDateTimeOffset",
        "text": "EmailAddress FirstName LastName PhoneNumber Title",
        "text50": "ExternalCode",
        "bool": "IsActive IsDefault",
    },
    read_only="ContactId CreatedDateTimeOffset Id LastChangedDateTimeOffset",
    address=ADDRESS,
    required="FirstName LastName",
    fixed={"IsActive": True, "IsDefault": False},
    unique="ExternalCode",
    keys="ExternalCode ContactId",
    filters={"externalcodes": "ExternalCode", "contactids": "ContactId"},
)

PRODUCTS = Table(
    "Products",
    "Product",
    {
        "text100": "Code",
        "text400": "Name",
        "text": "Description Gtin ProductGroupCode",
        "time": "CreatedDateTimeOffset LastChangedDateTimeOffset StockOnHandLastChangedDatetimeOffset",
        "uuid": "CreatedFromImportJournalId",
        "int": "Id OptionalSalesAccount OptionalSalesAccountId ProductGroupId StandardSalesAccount "
        "StandardSalesAccountId",
        "bool": "IsArchived IsStockItem",
        "number": "StockAvailable StockOnHand UnitCost UnitPrice",
    },
    read_only="CreatedDateTimeOffset CreatedFromImportJournalId Id LastChangedDateTimeOffset StockAvailable "
    "StockOnHandLastChangedDatetimeOffset",
    on_create="OptionalSalesAccount ProductGroupCode StandardSalesAccount OptionalSalesAccountAgricultureDepartment "
    "StandardSalesAccountAgricultureDepartment",
    enums={
        "OptionalSalesAccountAgricultureDepartment": "Agriculture",
        "StandardSalesAccountAgricultureDepartment": "Agriculture",
        "ProductType": "ProductType",
        "UnitOfMeasureCode": "Unit",
    },
    required="Name",
    fixed={"IsArchived": False, "IsStockItem": False, "ProductType": "Product", "StandardSalesAccount": 3000},
    keys="Code",
    filters={"codes": "Code", "names": "Name", "isarchived": "IsArchived"},
)

DEPARTMENTS = Table(
    "Departments",
    "Department",
    {
        "text": "Code Name",
        "time": "CreatedDateTimeOffset LastChangedDateTimeOffset",
        "uuid": "CreatedFromImportJournalId",
        "int": "Id ManagerEmployeeId ManagerEmployeeNo",
        "bool": "IsActive",
    },
    read_only="CreatedDateTimeOffset CreatedFromImportJournalId Id LastChangedDateTimeOffset",
    on_create="ManagerEmployeeNo",
    required="Name",
    fixed={"IsActive": False},
    keys="Code",
    filters={"codes": "Code", "isactive": "IsActive", "name": "Name"},
)

SALES_ORDERS = Table(
    "SalesOrders",
    "SalesOrder",
    {
        "text": "BrandingThemeCode ContractNo CurrencyCode CustomMatchingReference CustomerReference DeliveryTerm "
        "DepartmentCode Dim1Code Dim2Code Dim3Code ExternalImportReference LocationCode ProjectCode "
        "PurchaseOrderReference",
        "int": "BrandingThemeId ContactDeliveryAddressId CustomerId CustomerNo CustomerReferenceContactPersonId "
        "DeliveryTermId DepartmentId Dim1Id Dim2Id Dim3Id ImportedOrderNo LineCount LocationId PaymentTerm "
        "PaymentTermId ProjectId RelatedInvoiceNo SalesOrderNo SalesPersonEmployeeId SalesPersonEmployeeNumber",
        "time": "CreatedDateTimeOffset LastChangedDateTimeOffset",
        "number": "CurrencyExchangeRate NetAmount TotalAmount",
        "date": "DeliveryDate SalesOrderDate",
        "uuid": "Id",
        "bool": "IsCreatedByCurrentIntegration",
    },
    read_only="CreatedDateTimeOffset Id IsCreatedByCurrentIntegration LastChangedDateTimeOffset LineCount NetAmount "
    "SalesOrderNo TotalAmount",
    on_create="BrandingThemeCode CustomerNo DeliveryTerm DepartmentCode Dim1Code Dim2Code Dim3Code LocationCode "
    "PaymentTerm ProjectCode SalesPersonEmployeeNumber",
    enums={"SalesOrderStatus": "OrderStatus"},
    fixed={
        "SalesOrderStatus": "Draft",
        "IsCreatedByCurrentIntegration": False,
        "LineCount": 0,
        "NetAmount": 0.0,
        "TotalAmount": 0.0,
    },
    unique="ExternalImportReference",
    keys="ExternalImportReference CustomerId",
    references={
        "CustomerId": "Customers",
        "CustomerReferenceContactPersonId": "ContactPersons",
        "DepartmentId": "Departments",
    },
    integer=False,
    filters={
        "orderstatus": "SalesOrderStatus",
        "onlycreatedbycurrentintegration": "IsCreatedByCurrentIntegration",
        "customernos": "CustomerNo",
    },
)

LINES = Table(
    "SalesOrderLines",
    "SalesOrderLine",
    {
        "number": "Allowance NetAmount ProductUnitCost ProductUnitPrice Quantity TotalAmount VatAmount VatRate",
        "text": "DepartmentCode Description Dim1Code Dim2Code Dim3Code ExternalImportReference LocationCode "
        "ProductCode ProjectCode VatCode",
        "int": "DepartmentId Dim1Id Dim2Id Dim3Id LocationId ProductId ProjectId SellersReferenceEmployeeId "
        "SellersReferenceEmployeeNo SortOrder VatId",
        "uuid": "Id SalesOrderId",
        "bool": "UseStandardSalesAccount",
        "object": "Accrual",
    },
    read_only="Id NetAmount SalesOrderId TotalAmount VatAmount VatCode VatId VatRate",
    on_create="DepartmentCode Dim1Code Dim2Code Dim3Code LocationCode ProductCode ProjectCode "
    "SellersReferenceEmployeeNo",
    enums={"LineType": "LineType", "UnitOfMeasureCode": "Unit", "VatReturnSpecification": "VatReturn"},
    fixed={"LineType": "Normal", "NetAmount": 0.0, "TotalAmount": 0.0, "VatAmount": 0.0},
    keys="SalesOrderId ProductId",
    references={"ProductId": "Products", "DepartmentId": "Departments"},
    integer=False,
)

TABLES = (CUSTOMERS, SUPPLIERS, CONTACT_PERSONS, PRODUCTS, DEPARTMENTS, SALES_ORDERS, LINES)
PUBLIC = {table.path.lower(): table for table in TABLES if table is not LINES}
