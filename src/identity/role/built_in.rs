//! What every installation has: three roles to begin with, and the permissions and roles of
//! Doorward's own API, so that its administration is guarded by its own rules.

/// Where the administration is, under the issuer; with it, the audience of Doorward's own API.
pub const OWN_API_PATH: &str = "/admin/api";
/// The name of Doorward's own API.
pub const OWN_API_NAME: &str = "Doorward administration";

/// Who may do everything with Doorward itself.
pub const ADMINISTRATOR: &str = "doorward-administrator";
/// Who may look at everything.
pub const AUDITOR: &str = "doorward-auditor";
/// The role across APIs that contains [`ADMINISTRATOR`].
pub const ADMIN: &str = "admin";

/// The roles across APIs that every installation begins with, and what they are for.
pub const TEMPLATES: [(&str, &str); 3] = [
    ("user", "Somebody who uses the apps"),
    ("moderator", "Somebody who keeps order among the users"),
    (ADMIN, "Somebody who administers the apps and this server"),
];

/// Who holds it makes APIs.
pub const MAKE_APIS: &str = "doorward:apis:write";

/// The permissions of Doorward's own API, and what they are for.
pub const PERMISSIONS: [(&str, &str); 21] = [
    ("doorward:users:read", "See the users"),
    ("doorward:users:write", "Make, change, disable and delete users"),
    ("doorward:clients:read", "See the clients"),
    ("doorward:clients:write", "Register, change and delete clients"),
    ("doorward:apis:read", "See the APIs"),
    (MAKE_APIS, "Make, change and delete APIs"),
    ("doorward:roles:read", "See the roles and who holds them"),
    ("doorward:roles:write", "Make, change, give and take roles"),
    ("doorward:groups:read", "See the groups"),
    ("doorward:groups:write", "Make, change and delete groups"),
    ("doorward:keys:read", "See the signing keys"),
    ("doorward:keys:write", "Rotate and revoke signing keys"),
    ("doorward:sessions:read", "See who is signed in"),
    ("doorward:sessions:write", "End sessions"),
    ("doorward:grants:read", "See what users allowed apps"),
    ("doorward:grants:write", "Revoke what users allowed apps"),
    ("doorward:api-keys:read", "See the API keys"),
    ("doorward:api-keys:write", "Make and revoke API keys"),
    ("doorward:audit:read", "Read the audit log"),
    ("doorward:settings:read", "See the settings"),
    ("doorward:settings:write", "Change the settings"),
];

/// The permissions that an administrator holds, every one of them: those that change something.
pub fn of_an_administrator() -> impl Iterator<Item = &'static str> {
    PERMISSIONS.iter().map(|(name, _)| *name).filter(|name| name.ends_with(":write"))
}

/// The permissions of an auditor: those that change nothing.
pub fn of_an_auditor() -> impl Iterator<Item = &'static str> {
    PERMISSIONS.iter().map(|(name, _)| *name).filter(|name| name.ends_with(":read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Permission;

    #[test]
    fn every_permission_reads_or_writes() {
        assert_eq!(of_an_administrator().count() + of_an_auditor().count(), PERMISSIONS.len());
        for (name, _) in PERMISSIONS {
            assert!(Permission::parse(name).is_ok(), "{name}");
        }
    }
}
