package auth0test

// The identifiers of a sample's APIs.
const (
	billingAPI    = "https://billing.acme.example"
	documentAPI   = "https://documents.acme.example/v2"
	legacyAPI     = "urn:acme:legacy"
	managementAPI = "https://acme-corp.eu.auth0.com/api/v2/"
)

// sampleAPIs returns two APIs with RBAC, one without, and Auth0's Management API.
func sampleAPIs() []API {
	return []API{
		{
			ID: "5f7c8ec7c5b4a90000000001", Name: "Auth0 Management API", Identifier: managementAPI, IsSystem: true,
			Scopes: []Scope{{"read:users", "Read Users"}, {"update:users", "Update Users"}},
		},
		{
			ID: "5f7c8ec7c5b4a90000000002", Name: "Billing API", Identifier: billingAPI, RBAC: true,
			SigningSecret: "sample-signing-secret", Scopes: []Scope{
				{"read:invoices", "Read invoices"}, {"pay:invoices", "Pay \"open\" invoices"}, {"read:reports", ""},
			},
		},
		{
			ID: "5f7c8ec7c5b4a90000000003", Name: "Documents", Identifier: documentAPI, RBAC: true,
			Scopes: []Scope{
				{"read:documents", "Read documents"},
				{"write:documents", "Write documents"},
				{"delete:documents", "Delete documents"},
			},
		},
		{
			ID: "5f7c8ec7c5b4a90000000004", Name: "Legacy", Identifier: legacyAPI,
			Scopes: []Scope{{"export:reports", "Export reports"}},
		},
	}
}

// samplePermissions returns the permissions of a sample's role, given its name.
func samplePermissions(role string) []Permission {
	return map[string][]Permission{
		"Member":         {{documentAPI, "read:documents"}},
		"Admin":          {{documentAPI, "write:documents"}, {documentAPI, "read:documents"}, {billingAPI, "read:invoices"}},
		"Billing Viewer": {{billingAPI, "read:invoices"}, {billingAPI, "read:reports"}},
		"Editor":         {{documentAPI, "read:documents"}, {documentAPI, "write:documents"}},
		"Break Glass":    {{documentAPI, "delete:documents"}, {billingAPI, "pay:invoices"}, {managementAPI, "read:users"}},
		"ops-on-call":    {{legacyAPI, "export:reports"}},
	}[role]
}
