using Tenon.Core.Types;

namespace Tenon.Server.Auth;

/// <summary>The roles a request may take by a token: the three every server has, those of the options, those the app grants.</summary>
internal sealed class ApiRoles(AuthOptions options)
{
    /// <summary>Set by hosting when the app's catalog declares roles that requests may take.</summary>
    public Func<RoleName, bool>? FromCatalog { get; set; }

    public bool Allows(RoleName role) =>
        role == RoleName.Authenticated
        || role == RoleName.Anon
        || role == RoleName.Service
        || options.AdditionalRoles.Contains(role.Text)
        || FromCatalog?.Invoke(role) == true;

    /// <summary>A user is never given a role that steps around the policies, nor one that means "nobody".</summary>
    public bool AllowsForUser(RoleName role) => role != RoleName.Service && role != RoleName.Anon && Allows(role);
}
