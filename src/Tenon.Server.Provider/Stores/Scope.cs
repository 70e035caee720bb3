namespace Tenon.Server.Provider.Stores;

/// <summary>A scope a client may ask for, with what the consent page says of it.</summary>
internal sealed record Scope(string Name, string Description);
