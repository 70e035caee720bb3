using System.Collections.Frozen;
using System.Text.Json;

namespace Tenon.Server.Auth.WebAuthn;

/// <summary>Names for the list of a user's passkeys, by the make a new key says it is of (AAGUID). Nobody vouches for it.</summary>
internal static class KeyMakers
{
    private const string Other = "Passkey";
    private const int Flags = 32;
    private const byte AttestedData = 0x40;
    private const int Aaguid = 37;

    private static readonly FrozenDictionary<Guid, string> Names = new Dictionary<Guid, string>
    {
        [new("fbfc3007-154e-4ecc-8c0b-6e020557d7bd")] = "Apple Passwords",
        [new("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4")] = "Google Password Manager",
        [new("adce0002-35bc-c60a-648b-0b25f1f05503")] = "Chrome on Mac",
        [new("08987058-cadc-4b81-b6e1-30de50dcbe96")] = "Windows Hello",
        [new("9ddd1817-af5a-4672-a2b9-3e3dd95000a9")] = "Windows Hello",
        [new("6028b017-b1d4-4c02-b4b3-afcdafc96bb2")] = "Windows Hello",
        [new("53414d53-554e-4700-0000-000000000000")] = "Samsung Pass",
        [new("bada5566-a7aa-401f-bd96-45619a55120d")] = "1Password",
        [new("d548826e-79b4-db40-a3d8-11116f7e8349")] = "Bitwarden",
        [new("531126d6-e717-415c-9320-3d9aa6981239")] = "Dashlane",
        [new("0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6")] = "Keeper",
        [new("50726f74-6f6e-5061-7373-50726f746f6e")] = "Proton Pass",
    }.ToFrozenDictionary();

    /// <summary>From the answer to a registration (RegistrationResponseJSON).</summary>
    public static string NameOf(JsonElement answer)
    {
        if (!answer.TryGetProperty("response", out JsonElement response) || response.ValueKind != JsonValueKind.Object)
        {
            return Other;
        }
        byte[]? data = Ceremony.Bytes(response, "authenticatorData");
        return data is { Length: >= Aaguid + 16 } && (data[Flags] & AttestedData) != 0
            ? Names.GetValueOrDefault(new Guid(data.AsSpan(Aaguid, 16), bigEndian: true), Other)
            : Other;
    }
}
