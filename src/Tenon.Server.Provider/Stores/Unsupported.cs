namespace Tenon.Server.Provider.Stores;

/// <summary>Members of OpenIddict's store interfaces that the protocol never calls.</summary>
internal static class Unsupported
{
    /// <summary>Stores without LINQ are foreseen by OpenIddict; only an application's own code would ask.</summary>
    public static NotSupportedException Query() => new("the identity provider's data is not queried by LINQ");

    /// <summary>Clients and scopes change by the administration API and the configuration.</summary>
    public static NotSupportedException Change() => new("clients and scopes are not changed through OpenIddict's managers");
}
