using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Capabilities;

/// <summary>Four engines of one schema for the tests of a class. onMain: the policies are those of the main database, too.</summary>
public abstract class AgreementApp(string schema, string attached, string policies, bool onMain = true) : IAsyncLifetime
{
    private static readonly Engine[] Engines = Enum.GetValues<Engine>();

    private FourEngines? engines;

    public async ValueTask InitializeAsync() =>
        engines = FourEngines.AreInstalled ? await FourEngines.StartAsync(onMain ? schema + policies : schema, attached, policies) : null;

    /// <summary>Asks every engine the same; the answers must be the same, and are given once.</summary>
    internal async Task<FourEngines.Answer> SameAsync(string method, string path, string? body = null, string prefer = "", string accept = "application/json")
    {
        FourEngines.Answer[] answers = await EachAsync(method, path, body, prefer, accept);
        for (int i = 1; i < answers.Length; i++)
        {
            Assert.True(answers[0] == answers[i], $"{method} {path} {body}\n{FourEngines.Names[0]}: {answers[0]}\n{FourEngines.Names[i]}: {answers[i]}");
        }
        return answers[0];
    }

    /// <summary>What each engine answers, in the order of <see cref="Engine"/>.</summary>
    internal async Task<FourEngines.Answer[]> EachAsync(string method, string path, string? body = null, string prefer = "", string accept = "application/json")
    {
        Assert.SkipWhen(engines is null, "PostgreSQL and MariaDB are not both installed");
        var answers = new FourEngines.Answer[Engines.Length];
        foreach (Engine engine in Engines)
        {
            answers[(int)engine] = await engines!.AskAsync(engine, method, path, body, prefer, accept);
        }
        return answers;
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (engines is not null)
        {
            await engines.DisposeAsync();
        }
    }
}
