using System.Text.Json;
using Tenon.Cli.Configuration;
using Tenon.Server.Auth;

namespace Tenon.Cli.Commands;

/// <summary>.tenon/dev.json: where the development server is and its keys, for scripts and tests; readable by the owner only.</summary>
internal static class DevFile
{
    public static string PathIn(AppFolder app) => Path.Combine(app.State, "dev.json");

    /// <summary>Held while tenon dev runs: a second one would replace the first one's database under it.</summary>
    public static FileStream Lock(AppFolder app)
    {
        try
        {
            Directory.CreateDirectory(app.State);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new ConfigException($"{app.State} cannot be made; give the user who runs tenon the right to write in {app.Path}");
        }
        string path = Path.Combine(app.State, "dev.lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException)
        {
            throw new ConfigException($"{app.State} cannot be written; give the user who runs tenon the right to write there");
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new ConfigException($"tenon dev runs on {app.Shown} already ({Url(app)}); stop it first");
        }
    }

    public static void Write(AppFolder app, string url, Keys keys)
    {
        Directory.CreateDirectory(app.State);
        string temporary = PathIn(app) + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using (var stream = new FileStream(temporary, options))
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("url", url);
            writer.WriteString("anonKey", keys.AnonKey);
            writer.WriteString("serviceKey", keys.ServiceRoleKey);
            writer.WriteString("publishableKey", keys.PublishableKey);
            writer.WriteString("secretKey", keys.SecretKey);
            writer.WriteString("jwtSecret", keys.JwtSecret);
            writer.WriteString("inboxUrl", url + "/dev/inbox");
            writer.WriteEndObject();
        }
        File.Move(temporary, PathIn(app), overwrite: true);
    }

    /// <summary>The address of the last start; null when there was none.</summary>
    public static string? Url(AppFolder app)
    {
        if (!File.Exists(PathIn(app)))
        {
            return null;
        }
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(PathIn(app)));
        return document.RootElement.TryGetProperty("url", out JsonElement url) ? url.GetString() : null;
    }

    /// <summary>A development server of this app answers.</summary>
    public static async Task<bool> IsRunningAsync(AppFolder app, CancellationToken cancellation)
    {
        if (Url(app) is not { } url)
        {
            return false;
        }
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri(url + "/health/live"), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
