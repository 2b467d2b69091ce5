//! The purposes of the W3C Data Privacy Vocabulary (<https://w3id.org/dpv>), by which a request says what personal data
//! is for.

/// What the terms' IRIs begin with.
const NAMESPACE: &str = "https://w3id.org/dpv#";
/// What a purpose begins with where it is a term, as in `dpv:FraudPreventionAndDetection`.
pub const PREFIX: &str = "dpv:";

/// A purpose of the vocabulary.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Term {
    /// Its name, as in `FraudPreventionAndDetection`.
    pub name: &'static str,
}

impl Term {
    /// Its IRI, as in `https://w3id.org/dpv#FraudPreventionAndDetection`.
    pub fn iri(self) -> String {
        [NAMESPACE, self.name].concat()
    }

    /// As requests and policies name it, as in `dpv:FraudPreventionAndDetection`.
    pub fn purpose(self) -> String {
        [PREFIX, self.name].concat()
    }
}

/// The term of this name.
pub fn term(name: &str) -> Option<Term> {
    let at = TERMS.binary_search(&name).ok()?;
    TERMS.get(at).map(|name| Term { name })
}

/// Whether this is the purpose of a term, as in `dpv:FraudPreventionAndDetection`.
pub fn is_purpose(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|name| term(name).is_some())
}

/// The narrower terms of `dpv:Purpose` in DPV 2.0 to 2.3, sorted: also those that a later version renamed or moved into
/// an extension, since they are in use. The root is not one of them: it says nothing of what data is for.
const TERMS: &[&str] = &[
    "AcademicResearch",
    "AccountManagement",
    "Advertising",
    "AgeVerification",
    "CombatClimateChange",
    "CommercialPurpose",
    "CommercialResearch",
    "CommunicationForCustomerCare",
    "CommunicationManagement",
    "CounterMoneyLaundering",
    "Counterterrorism",
    "CreditChecking",
    "CustomerCare",
    "CustomerClaimsManagement",
    "CustomerManagement",
    "CustomerOrderManagement",
    "CustomerRelationshipManagement",
    "CustomerSolvencyMonitoring",
    "DataAltruism",
    "DeliveryOfGoods",
    "DirectMarketing",
    "DisputeManagement",
    "EnforceAccessControl",
    "EnforceSecurity",
    "EstablishContractualAgreement",
    "FraudPreventionAndDetection",
    "FulfilmentOfContractualObligation",
    "FulfilmentOfObligation",
    "HumanResourceManagement",
    "IdentityAuthentication",
    "IdentityVerification",
    "ImproveExistingProductsAndServices",
    "ImproveHealthcare",
    "ImproveInternalCRMProcesses",
    "ImprovePublicServices",
    "ImproveTransportMobility",
    "IncreaseServiceRobustness",
    "InternalResourceOptimisation",
    "LegalCompliance",
    "MaintainCreditCheckingDatabase",
    "MaintainCreditRatingDatabase",
    "MaintainFraudDatabase",
    "Marketing",
    "MemberPartnerManagement",
    "MisusePreventionAndDetection",
    "NonCommercialPurpose",
    "NonCommercialResearch",
    "OptimisationForConsumer",
    "OptimisationForController",
    "OptimiseUserInterface",
    "OrganisationComplianceManagement",
    "OrganisationGovernance",
    "OrganisationRiskManagement",
    "PaymentManagement",
    "Personalisation",
    "PersonalisedAdvertising",
    "PersonalisedBenefits",
    "PersonnelBehaviourMonitoring",
    "PersonnelHiring",
    "PersonnelManagement",
    "PersonnelMonitoring",
    "PersonnelOffboarding",
    "PersonnelOnboarding",
    "PersonnelPayment",
    "PersonnelPerformanceEvaluation",
    "PersonnelPerformanceManagement",
    "PersonnelPerformanceMonitoring",
    "PersonnelPerformancePrediction",
    "PersonnelPromotionManagement",
    "PersonnelTerminationManagement",
    "PersonnelWorkloadManagement",
    "PoliticalCampaign",
    "ProtectionOfIPR",
    "ProtectionOfNationalSecurity",
    "ProtectionOfPublicSecurity",
    "ProvideEventRecommendations",
    "ProvideOfficialStatistics",
    "ProvidePersonalisedRecommendations",
    "ProvideProductRecommendations",
    "PublicBenefit",
    "PublicPolicyMaking",
    "PublicRelations",
    "RecordManagement",
    "RecruitmentAdvertising",
    "RecruitmentApplicantBackgroundCheck",
    "RecruitmentApplicantCriminalBackgroundCheck",
    "RecruitmentApplicantInformationAuthentication",
    "RecruitmentApplicantSelection",
    "RecruitmentApplicationAnalysis",
    "RecruitmentApplicationManagement",
    "RecruitmentApplicationScreening",
    "RecruitmentInterviewAnalysis",
    "RecruitmentInterviewAssessment",
    "RecruitmentInterviewManagement",
    "RecruitmentInterviewScheduling",
    "RecruitmentManagement",
    "RecruitmentTargetedAdvertising",
    "RepairImpairments",
    "RequestedServiceProvision",
    "ResearchAndDevelopment",
    "RightsFulfillment",
    "RightsFulfilment",
    "ScientificResearch",
    "SearchFunctionalities",
    "SellDataToThirdParties",
    "SellInsightsFromData",
    "SellProducts",
    "SellProductsToDataSubject",
    "ServiceAccessDetermination",
    "ServiceManagement",
    "ServiceMonitoring",
    "ServiceOptimisation",
    "ServicePersonalisation",
    "ServiceProvision",
    "ServiceRegistration",
    "ServiceUsageAnalytics",
    "SocialMediaMarketing",
    "TargetedAdvertising",
    "TechnicalServiceProvision",
    "UserInterfacePersonalisation",
    "VendorManagement",
    "VendorPayment",
    "VendorRecordsManagement",
    "VendorSelectionAssessment",
    "Verification",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_are_sorted_and_each_is_found() {
        assert!(TERMS.is_sorted_by(|a, b| a < b));
        assert_eq!(TERMS.len(), 125);
        assert!(TERMS.iter().all(|name| term(name).is_some_and(|term| term.name == *name)));
    }

    #[test]
    fn a_term_has_a_name_and_an_iri() {
        let fraud = term("FraudPreventionAndDetection").unwrap();
        assert_eq!(fraud.iri(), "https://w3id.org/dpv#FraudPreventionAndDetection");
        assert_eq!(fraud.purpose(), "dpv:FraudPreventionAndDetection");
        for good in ["dpv:RequestedServiceProvision", "dpv:Marketing", "dpv:ServiceManagement"] {
            assert!(is_purpose(good), "{good}");
        }
        for bad in ["", "dpv:", "dpv:Purpose", "dpv:Sector", "dpv:marketing", "Marketing", "DPV:Marketing"] {
            assert!(!is_purpose(bad), "{bad}");
        }
    }
}
