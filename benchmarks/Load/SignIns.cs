using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Tenon.Benchmarks.Load;

/// <summary>
/// Sign-in beside the data API: refreshes a second, whether times tell a known address from an unknown one, and the memory of
/// many sign-ins at once. The server runs on an app of its own whose mails go to a function that throws them away.
/// </summary>
internal sealed class SignIns(Target target) : IDisposable
{
    private const string Password = "bench-giraffe-42";
    private const int Crowd = 500;
    private const double MostMemory = 100;

    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = Crowd })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{target.Port}"), Timeout = TimeSpan.FromMinutes(2),
    };
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];

    public static readonly (string Key, string Value)[] Settings =
    [
        ("TENON__AUTH__RATE_LIMIT__EMAIL_SENT", "10000000"), ("TENON__AUTH__RATE_LIMIT__TOKEN_REFRESH", "10000000"),
        ("TENON__AUTH__RATE_LIMIT__SIGN_IN_SIGN_UPS", "10000000"), ("TENON__AUTH__EMAIL__ENABLE_CONFIRMATIONS", "true"),
        // Else a known address that an earlier part wrote to a moment ago is refused, at once, and not an unknown one.
        ("TENON__AUTH__EMAIL__OTP__MAX_FREQUENCY", "0s"),
        ("TENON__AUTH__HOOK__SEND_EMAIL__ENABLED", "true"), ("TENON__AUTH__HOOK__SEND_EMAIL__URI", "pg-functions://postgres/public/no_mail"),
    ];

    public const string Migration =
        "create function no_mail(event jsonb) returns jsonb language sql as $$ select '{}'::jsonb $$;\n";

    private string Known(int i) => FormattableString.Invariant($"known-{_run}-{i:0000}@example.test");

    // The same for every kind, as the known ones are: both have the same history.
    private string Unknown(int i) => FormattableString.Invariant($"other-{_run}-{i:0000}@example.test");

    public void MakeUsers(int count)
    {
        _client.DefaultRequestHeaders.Add("apikey", Tokens.Anon);
        for (var i = 0; i < count; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/v1/admin/users")
            {
                Content = JsonContent.Create(new { email = Known(i), password = Password, email_confirm = true }),
            };
            request.Headers.Authorization = new("Bearer", Tokens.Service);
            using var answer = _client.Send(request);
            Require(answer, 200);
        }
    }

    /// <summary>Sessions refreshed one after the other by several clients at once.</summary>
    public double RefreshesPerSecond(int sessions, double seconds)
    {
        var tokens = Enumerable.Range(0, sessions).Select(i => RefreshToken(Post(Grant("password"), new { email = Known(i), password = Password }))).ToArray();
        long done = 0;
        var watch = Stopwatch.StartNew();
        Parallel.For(0, sessions, new ParallelOptions { MaxDegreeOfParallelism = sessions }, i =>
        {
            while (watch.Elapsed.TotalSeconds < seconds)
            {
                tokens[i] = RefreshToken(Post(Grant("refresh_token"), new { refresh_token = tokens[i] }));
                Interlocked.Increment(ref done);
            }
        });
        return done / watch.Elapsed.TotalSeconds;
    }

    /// <summary>
    /// The chance that an answer to a known address takes longer than one to an unknown address (the area under the curve of
    /// who guesses by time alone): a half tells nothing.
    /// </summary>
    public Goal Indistinguishable(int samples)
    {
        (string Kind, int Status, Func<string, HttpResponseMessage> Ask)[] kinds =
        [
            ("sign-in", 400, address => Post(Grant("password"), new { email = address, password = "wrong-giraffe-1" })),
            ("recover", 200, address => Post("/auth/v1/recover", new { email = address })),
            ("otp", 200, address => Post("/auth/v1/otp", new { email = address, create_user = false })),
            // Last: it makes users of the unknown ones.
            ("sign-up", 200, address => Post("/auth/v1/signup", new { email = address, password = "other-giraffe-43" })),
        ];
        var areas = kinds.Select(k => (k.Kind, Area: Area(k.Status, k.Ask, samples))).ToArray();
        var text = string.Join(", ", areas.Select(a => FormattableString.Invariant($"{a.Kind} {a.Area:0.00}")));
        return new Goal(
            "AUC of times, known against unknown address", "", "0.45 to 0.55", FormattableString.Invariant($"{text} ({samples} of each)"),
            null, areas.All(a => a.Area is >= 0.45 and <= 0.55));
    }

    private double Area(int status, Func<string, HttpResponseMessage> ask, int samples)
    {
        // Pairs in random order, so that what drifts or comes round drifts under both alike.
        var random = new Random(7);
        var (known, unknown) = (new double[samples], new double[samples]);
        for (var i = -5; i < samples; i++)
        {
            var knownFirst = random.Next(2) == 0;
            foreach (var isKnown in new[] { knownFirst, !knownFirst })
            {
                var watch = Stopwatch.StartNew();
                using var answer = ask(isKnown && i >= 0 ? Known(i) : Unknown(i + 5));
                if (i >= 0)
                {
                    (isKnown ? known : unknown)[i] = watch.Elapsed.TotalMicroseconds;
                }

                Require(answer, status);
            }
        }

        var higher = known.Sum(k => unknown.Sum(u => k > u ? 1.0 : k == u ? 0.5 : 0));
        return higher / samples / samples;
    }

    /// <summary>Many passwords at once: each is answered, and memory stays bounded.</summary>
    public Goal Together(int users)
    {
        var rest = ProcessMeter.ResidentMiB(target.ProcessId);
        var most = rest;
        using var done = new CancellationTokenSource();
        var sampling = Task.Run(() =>
        {
            while (!done.Token.WaitHandle.WaitOne(10))
            {
                most = Math.Max(most, ProcessMeter.ResidentMiB(target.ProcessId));
            }
        });
        var answers = Task.WhenAll(Enumerable.Range(0, Crowd).Select(async i =>
        {
            using var answer = await _client.PostAsJsonAsync(Grant("password"), new { email = Known(i % users), password = Password });
            return (int)answer.StatusCode;
        })).GetAwaiter().GetResult();
        done.Cancel();
        sampling.Wait();
        var (signedIn, told) = (answers.Count(s => s == 200), answers.Count(s => s == 429));
        var met = signedIn > 0 && signedIn + told == Crowd && most - rest < MostMemory;
        return new Goal(
            "500 password sign-ins at once, memory above rest", "", FormattableString.Invariant($"{MostMemory:0} MiB"),
            FormattableString.Invariant($"{most - rest:0} MiB; {signedIn} signed in, {told} told to wait, {Crowd - signedIn - told} else"), null, met);
    }

    public void Dispose() => _client.Dispose();

    private static string Grant(string type) => "/auth/v1/token?grant_type=" + type;

    private HttpResponseMessage Post(string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, body.GetType()) };
        return _client.Send(request);
    }

    private static string RefreshToken(HttpResponseMessage answer)
    {
        using (answer)
        {
            Require(answer, 200);
            using var json = JsonDocument.Parse(answer.Content.ReadAsStream());
            return json.RootElement.GetProperty("refresh_token").GetString()!;
        }
    }

    private static void Require(HttpResponseMessage answer, int status)
    {
        if ((int)answer.StatusCode != status)
        {
            using var reader = new StreamReader(answer.Content.ReadAsStream());
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"sign-in answered {(int)answer.StatusCode}: {reader.ReadToEnd()}"));
        }
    }
}
