using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace Tenon.Server.Tests.Rest;

/// <summary>One request of a scenario file and what must come back.</summary>
internal sealed record Scenario(string Method, string Target, int Line)
{
    public List<(string Name, string Value)> Headers { get; } = [];
    public List<string> Body { get; } = [];

    /// <summary>"on: engine" marks what an engine can and another cannot; the others have a scenario of their own for it.</summary>
    public bool IsFor(string engine) => !Headers.Exists(h => h.Name == "on") || Headers.Contains(("on", engine));
    public List<string> Expected { get; } = [];
}

/// <summary>
/// Scenario files: a request line, headers, the body behind "&lt; ", and behind "&gt; " the status, headers to find and the
/// exact body. Requests of a file run in order against one fresh database. "as: service" sends the service key.
/// </summary>
internal static class ScenarioFile
{
    public static List<Scenario> Read(string path)
    {
        var scenarios = new List<Scenario>();
        Scenario? current = null;
        string[] lines = File.ReadAllLines(path);
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (line.Length == 0)
            {
                current = null;
            }
            else if (current is null)
            {
                string[] parts = line.Split(' ', 2);
                scenarios.Add(current = new Scenario(parts[0], parts[1], i + 1));
            }
            else if (line.StartsWith("> ", StringComparison.Ordinal))
            {
                current.Expected.Add(line[2..]);
            }
            else if (line.StartsWith("< ", StringComparison.Ordinal))
            {
                current.Body.Add(line[2..]);
            }
            else
            {
                string[] header = line.Split(": ", 2);
                current.Headers.Add((header[0], header[1]));
            }
        }
        return scenarios;
    }

    /// <summary>What differs, or null.</summary>
    public static async Task<string?> Run(Scenario scenario, HttpClient client, string serviceKey, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(new HttpMethod(scenario.Method), "/rest/v1" + scenario.Target.Replace(" ", "%20"));
        string contentType = scenario.Headers.Find(h => h.Name == "Content-Type").Value ?? "application/json";
        if (scenario.Body.Count > 0)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(string.Join('\n', scenario.Body)));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }
        foreach ((string name, string value) in scenario.Headers.Where(h => h.Name is not ("Content-Type" or "on")))
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name == "as" ? "apikey" : name, name == "as" ? serviceKey : value));
        }
        using HttpResponseMessage response = await client.SendAsync(request, cancellation);
        string body = await response.Content.ReadAsStringAsync(cancellation);
        return Differences(scenario, response, body) is { Length: > 0 } found
            ? $"line {scenario.Line}: {scenario.Method} {scenario.Target}\n{found}\n  answered {(int)response.StatusCode} {body}"
            : null;
    }

    private static string Differences(Scenario scenario, HttpResponseMessage response, string body)
    {
        var found = new StringBuilder();
        var headers = response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        var text = new List<string>();
        foreach (string expected in scenario.Expected.Skip(1))
        {
            int colon = expected.IndexOf(": ", StringComparison.Ordinal);
            bool isHeader = text.Count == 0 && colon > 0 && expected[..colon].All(c => char.IsAsciiLetter(c) || c == '-');
            if (!isHeader)
            {
                text.Add(expected);
            }
            else if (headers.GetValueOrDefault(expected[..colon]) != expected[(colon + 2)..])
            {
                found.Append($"  expected {expected}, got {headers.GetValueOrDefault(expected[..colon]) ?? "nothing"}");
            }
        }
        if (scenario.Expected[0] != ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture))
        {
            found.Append($"  expected status {scenario.Expected[0]}");
        }
        if (text.Count > 0 && string.Join('\n', text) != body)
        {
            found.Append($"  expected {string.Join('\n', text)}");
        }
        return found.ToString();
    }
}
