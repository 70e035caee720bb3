using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// /admin/custom-providers: external providers made at run time. An OpenID Connect issuer is asked for its discovery
/// document before it is taken. The client secret goes in and never comes out.
/// </summary>
internal sealed partial class AdminProviders(AuthGate gate, StoreDatabase store, CustomProviders providers, Issuers issuers, AuthOptions options, TimeProvider clock)
{
    // What the server itself writes into an authorization request.
    private static readonly string[] Reserved =
    [
        "client_id", "client_secret", "redirect_uri", "response_type", "state", "nonce", "scope", "code_challenge", "code_challenge_method", "request", "request_uri",
    ];

    private static readonly string[] Mappable = ["sub", "email", "email_verified", "name", "picture", "preferred_username"];

    public async Task ListAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        string type = context.Request.Query["type"].ToString();
        if (type is not ("" or "oidc" or "oauth2"))
        {
            throw AuthErrors.ValidationFailed("type must be either 'oauth2' or 'oidc'").ToException();
        }
        List<CustomProvider> rows = await providers.ListAsync(context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("providers");
                foreach (CustomProvider row in rows.Where(row => type.Length == 0 || row.Type == type))
                {
                    Write(writer, row);
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
        );
    }

    public async Task GetAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        CustomProvider row = await FindAsync(context);
        await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, writer => Write(writer, row));
    }

    public async Task CreateAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        CustomProvider row = await MadeAsync(await AuthBody.ReadAsync(context), context.RequestAborted);
        try
        {
            await store.WriteAsync(unit => unit.Execute(CustomProviderSql.Insert, RowOf(row)), context.RequestAborted);
        }
        catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
        {
            throw AuthErrors.ValidationFailed($"\"identifier\": a provider {row.Identifier} exists").ToException();
        }
        await AuthResponse.WriteAsync(context, StatusCodes.Status201Created, writer => Write(writer, row));
    }

    /// <summary>What a change of the whole environment says of one provider; body null: it goes.</summary>
    public async Task<ProviderWrite> PrepareAsync(string identifier, JsonElement? body, CancellationToken cancellation)
    {
        CustomProvider? old = await providers.RowAsync(identifier, cancellation);
        if (body is not { } given)
        {
            return old is null ? throw AuthErrors.CustomProviderNotFound.ToException() : new ProviderWrite(identifier, null);
        }
        var members = AuthBody.Of(given);
        CustomProvider row = old is null ? await MadeAsync(members, cancellation) : await ChangedAsync(old, members, cancellation);
        return row.Identifier == identifier ? new ProviderWrite(identifier, row) : throw AuthErrors.ValidationFailed($"\"providers\": {identifier} and its identifier differ").ToException();
    }

    private async Task<CustomProvider> MadeAsync(AuthBody body, CancellationToken cancellation)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        string identifier = Required(body, "identifier");
        if (!Identifier().IsMatch(identifier))
        {
            throw AuthErrors.ValidationFailed("identifier must be 'custom:' and up to 48 letters, digits, - and _ in lower case").ToException();
        }
        string type = body.Text("provider_type") is "oidc" or "oauth2"
            ? body.Text("provider_type")!
            : throw AuthErrors.ValidationFailed("provider_type must be either 'oauth2' or 'oidc'").ToException();
        var id = Guid.NewGuid();
        var blank = new CustomProvider(id, identifier, type, "", "", providers.Seal(id, Required(body, "client_secret")), new CustomSettings(), true, now, now);
        return await CheckedAsync(With(blank, body, now), cancellation);
    }

    private Task<CustomProvider> ChangedAsync(CustomProvider old, AuthBody body, CancellationToken cancellation) =>
        body.Text("provider_type") is { } type && type != old.Type
            ? throw AuthErrors.ValidationFailed("provider_type cannot be changed").ToException()
            : CheckedAsync(With(old, body, StoreTime.Now(clock)), cancellation);

    public async Task UpdateAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        CustomProvider old = await FindAsync(context);
        CustomProvider row = await ChangedAsync(old, await AuthBody.ReadAsync(context), context.RequestAborted);
        List<Datum[]> saved = await store.WriteAsync(
            unit => unit.Execute(
                CustomProviderSql.Update,
                StoreValues.Of(row.Id),
                Datum.Of(row.Name),
                Datum.Of(row.ClientId),
                Datum.Of(row.SealedSecret),
                Datum.Of(JsonSerializer.Serialize(row.Settings)),
                Datum.Of(row.Enabled),
                StoreValues.Of(row.UpdatedAt)
            ),
            context.RequestAborted
        );
        if (saved.Count == 0)
        {
            throw AuthErrors.CustomProviderNotFound.ToException();
        }
        await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, writer => Write(writer, row));
    }

    public async Task DeleteAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        CustomProvider row = await FindAsync(context);
        await store.WriteAsync(unit => unit.Execute(CustomProviderSql.Delete, Datum.Of(row.Identifier)), context.RequestAborted);
        AuthResponse.NoContent(context);
    }

    private async Task<CustomProvider> FindAsync(HttpContext context) =>
        await providers.RowAsync(context.Request.RouteValues["identifier"] as string ?? "", context.RequestAborted)
        ?? throw AuthErrors.CustomProviderNotFound.ToException();

    private CustomProvider With(CustomProvider row, AuthBody body, DateTimeOffset now)
    {
        CustomSettings s = row.Settings;
        return row with
        {
            Name = body.Text("name") ?? row.Name,
            ClientId = body.Text("client_id") ?? row.ClientId,
            SealedSecret = body.Text("client_secret") is { Length: > 0 } secret ? providers.Seal(row.Id, secret) : row.SealedSecret,
            Enabled = body.Flag("enabled") ?? row.Enabled,
            UpdatedAt = now,
            Settings = s with
            {
                AcceptableClientIds = body.Texts("acceptable_client_ids") ?? s.AcceptableClientIds,
                Scopes = body.Texts("scopes") ?? s.Scopes,
                CustomClaimsAllowlist = body.Texts("custom_claims_allowlist") ?? s.CustomClaimsAllowlist,
                PkceEnabled = body.Flag("pkce_enabled") ?? s.PkceEnabled,
                AttributeMapping = body.TextMap("attribute_mapping") ?? s.AttributeMapping,
                AuthorizationParams = body.TextMap("authorization_params") ?? s.AuthorizationParams,
                EmailOptional = body.Flag("email_optional") ?? s.EmailOptional,
                SkipNonceCheck = body.Flag("skip_nonce_check") ?? s.SkipNonceCheck,
                Issuer = body.Text("issuer") ?? s.Issuer,
                DiscoveryUrl = body.Text("discovery_url") ?? s.DiscoveryUrl,
                AuthorizationUrl = body.Text("authorization_url") ?? s.AuthorizationUrl,
                TokenUrl = body.Text("token_url") ?? s.TokenUrl,
                UserinfoUrl = body.Text("userinfo_url") ?? s.UserinfoUrl,
            },
        };
    }

    /// <summary>Refuses what cannot work; an issuer must answer with a discovery document of its own.</summary>
    private async Task<CustomProvider> CheckedAsync(CustomProvider row, CancellationToken cancellation)
    {
        string? wrong =
            row.Name.Length == 0 ? "name is required"
            : row.ClientId.Length == 0 ? "client_id is required"
            : row.Settings.AuthorizationParams.Keys.FirstOrDefault(Reserved.Contains) is { } reserved ? $"authorization_params: {reserved} is written by the server"
            : row.Settings.AttributeMapping.Keys.FirstOrDefault(name => !Mappable.Contains(name)) is { } strange ? $"attribute_mapping: {strange} is none of {string.Join(", ", Mappable)}"
            : null;
        Provider provider = providers.ToProvider(row);
        if (wrong is null && Presets.BadAddress(provider, options.Development) is { } bad)
        {
            wrong = bad.Length == 0
                ? row.Type == "oidc" ? "issuer is required for OIDC providers" : "authorization_url, token_url and userinfo_url are required for OAuth2 providers"
                : $"{bad} is not an https address that calls may go to";
        }
        if (wrong is not null)
        {
            throw AuthErrors.ValidationFailed(wrong).ToException();
        }
        if (row.Type == "oidc")
        {
            try
            {
                await issuers.MetadataAsync(provider, cancellation);
            }
            catch (IssuerException)
            {
                // What was read there is not told: the caller chose the address.
                throw AuthErrors.ValidationFailed("The issuer's discovery document cannot be read, or is of another issuer").ToException();
            }
        }
        return row;
    }

    private static string Required(AuthBody body, string name) =>
        body.Text(name) is { Length: > 0 } text ? text : throw AuthErrors.ValidationFailed($"{name} is required").ToException();

    internal static Datum[] RowOf(CustomProvider row) =>
        [
            StoreValues.Of(row.Id),
            Datum.Of(row.Identifier),
            Datum.Of(row.Type),
            Datum.Of(row.Name),
            Datum.Of(row.ClientId),
            Datum.Of(row.SealedSecret),
            Datum.Of(JsonSerializer.Serialize(row.Settings)),
            Datum.Of(row.Enabled),
            StoreValues.Of(row.CreatedAt),
            StoreValues.Of(row.UpdatedAt),
        ];

    /// <summary>Everything but the client secret.</summary>
    public static void Write(Utf8JsonWriter writer, CustomProvider row)
    {
        CustomSettings s = row.Settings;
        writer.WriteStartObject();
        writer.WriteString("id", row.Id);
        writer.WriteString("provider_type", row.Type);
        writer.WriteString("identifier", row.Identifier);
        writer.WriteString("name", row.Name);
        writer.WriteString("client_id", row.ClientId);
        WriteList(writer, "acceptable_client_ids", s.AcceptableClientIds);
        WriteList(writer, "scopes", s.Scopes);
        WriteList(writer, "custom_claims_allowlist", s.CustomClaimsAllowlist);
        writer.WriteBoolean("pkce_enabled", s.PkceEnabled);
        WriteMap(writer, "attribute_mapping", s.AttributeMapping);
        WriteMap(writer, "authorization_params", s.AuthorizationParams);
        writer.WriteBoolean("enabled", row.Enabled);
        writer.WriteBoolean("email_optional", s.EmailOptional);
        writer.WriteBoolean("skip_nonce_check", s.SkipNonceCheck);
        foreach ((string name, string value) in ((string, string)[])[("issuer", s.Issuer), ("discovery_url", s.DiscoveryUrl), ("authorization_url", s.AuthorizationUrl), ("token_url", s.TokenUrl), ("userinfo_url", s.UserinfoUrl)])
        {
            if (value.Length > 0)
            {
                writer.WriteString(name, value);
            }
        }
        UserWriter.WriteTime(writer, "created_at", row.CreatedAt);
        UserWriter.WriteTime(writer, "updated_at", row.UpdatedAt);
        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, string name, ImmutableArray<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
        {
            writer.WriteStringValue(value);
        }
        writer.WriteEndArray();
    }

    private static void WriteMap(Utf8JsonWriter writer, string name, ImmutableDictionary<string, string> values)
    {
        writer.WriteStartObject(name);
        foreach ((string key, string value) in values)
        {
            writer.WriteString(key, value);
        }
        writer.WriteEndObject();
    }

    [GeneratedRegex(@"\Acustom:[a-z0-9][a-z0-9_-]{0,47}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Identifier();
}
