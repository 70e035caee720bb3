using System.Buffers.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Tenon.Server.Auth.WebAuthn;

/// <summary>A user as a ceremony knows them: the handle keys keep, two names to show, and the credentials that count in it.</summary>
internal sealed record Subject(string Id, string Name, string DisplayName, IReadOnlyList<Credential> Credentials)
{
    public static Subject Of(User user, IReadOnlyList<Credential> credentials)
    {
        string id = user.Id.ToString("D");
        string name = user.Email ?? user.Phone ?? id;
        return new Subject(id, name, NameIn(user.UserMetadata) ?? name, credentials);
    }

    private static string? NameIn(string metadata) =>
        JsonElement.Parse(metadata) is { ValueKind: JsonValueKind.Object } root
        && root.TryGetProperty("name", out JsonElement name)
        && name.ValueKind == JsonValueKind.String
        && name.GetString() is { Length: > 0 } text
            ? text
            : null;
}

/// <summary>
/// At most one user with credentials that were read before, as Identity's handler wants its store. What changes rows is not
/// supported: rows are written by the unit that uses the challenge up.
/// </summary>
internal sealed class CredentialShelf(Subject? subject) : IUserPasskeyStore<Subject>
{
    public static UserManager<Subject> ManagerOf(Subject? subject) =>
        new(
            new CredentialShelf(subject),
            optionsAccessor: null!,
            passwordHasher: null!,
            userValidators: [],
            passwordValidators: [],
            keyNormalizer: null!,
            errors: null!,
            services: null!,
            NullLogger<UserManager<Subject>>.Instance
        );

    public Task<string> GetUserIdAsync(Subject user, CancellationToken cancellationToken) => Task.FromResult(user.Id);

    public Task<string?> GetUserNameAsync(Subject user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Name);

    public Task<Subject?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
        Task.FromResult(subject?.Id == userId ? subject : null);

    public Task<IList<UserPasskeyInfo>> GetPasskeysAsync(Subject user, CancellationToken cancellationToken) =>
        Task.FromResult<IList<UserPasskeyInfo>>([.. user.Credentials.Select(InfoOf)]);

    public Task<UserPasskeyInfo?> FindPasskeyAsync(Subject user, byte[] credentialId, CancellationToken cancellationToken) =>
        Task.FromResult(Find(user, credentialId) is { } found ? InfoOf(found) : null);

    public Task<Subject?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        Task.FromResult(subject is not null && Find(subject, credentialId) is not null ? subject : null);

    private static Credential? Find(Subject user, byte[] credentialId)
    {
        string id = Base64Url.EncodeToString(credentialId);
        return user.Credentials.FirstOrDefault(credential => credential.CredentialId == id);
    }

    // The counter is shown as 0, so that the handler leaves it to the statement that compares and notes it at once.
    private static UserPasskeyInfo InfoOf(Credential credential) =>
        new(
            Base64Url.DecodeFromChars(credential.CredentialId),
            Base64Url.DecodeFromChars(credential.PublicKey),
            credential.CreatedAt,
            signCount: 0,
            JsonSerializer.Deserialize<string[]>(credential.Transports),
            isUserVerified: true,
            credential.BackupEligible,
            credential.BackedUp,
            attestationObject: [],
            clientDataJson: []
        );

    public Task AddOrUpdatePasskeyAsync(Subject user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => throw ReadOnly();

    public Task RemovePasskeyAsync(Subject user, byte[] credentialId, CancellationToken cancellationToken) => throw ReadOnly();

    public Task SetUserNameAsync(Subject user, string? userName, CancellationToken cancellationToken) => throw ReadOnly();

    public Task<string?> GetNormalizedUserNameAsync(Subject user, CancellationToken cancellationToken) => throw ReadOnly();

    public Task SetNormalizedUserNameAsync(Subject user, string? normalizedName, CancellationToken cancellationToken) => throw ReadOnly();

    public Task<IdentityResult> CreateAsync(Subject user, CancellationToken cancellationToken) => throw ReadOnly();

    public Task<IdentityResult> UpdateAsync(Subject user, CancellationToken cancellationToken) => throw ReadOnly();

    public Task<IdentityResult> DeleteAsync(Subject user, CancellationToken cancellationToken) => throw ReadOnly();

    public Task<Subject?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => throw ReadOnly();

    public void Dispose() { }

    private static NotSupportedException ReadOnly() => new("A ceremony only reads.");
}
