using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Hooks;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>What can be added to an embedded Tenon: hooks of sign-in as code, one each.</summary>
public sealed class TenonBuilder
{
    internal TenonBuilder(IServiceCollection services) => Services = services;

    /// <summary>The services of the host.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Adds a kind of database that <c>Tenon:Sources</c> may attach: <c>MySqlEngine.Engine</c> of the package Tenon.Sources.MySql.</summary>
    public TenonBuilder AddSourceEngine(SourceEngine engine)
    {
        Services.AddOptions<TenonOptions>().Configure(options => options.Engines.Add(engine.Engine));
        return this;
    }

    /// <summary>Asked before a user is created.</summary>
    public TenonBuilder BeforeUserCreated(Func<BeforeUserCreatedContext, CancellationToken, ValueTask> hook) =>
        Add(HookName.BeforeUserCreated, (services, payload) => new BeforeUserCreatedContext(services, payload), hook);

    /// <summary>Adds claims to access tokens.</summary>
    public TenonBuilder CustomAccessToken(Func<AccessTokenContext, CancellationToken, ValueTask> hook) =>
        Add(HookName.CustomAccessToken, (services, payload) => new AccessTokenContext(services, payload), hook);

    /// <summary>Told of every compared password of a user's.</summary>
    public TenonBuilder PasswordVerification(Func<PasswordVerificationContext, CancellationToken, ValueTask> hook) =>
        Add(HookName.PasswordVerification, (services, payload) => new PasswordVerificationContext(services, payload), hook);

    /// <summary>Told of every compared second factor, recovery codes apart.</summary>
    public TenonBuilder FactorVerification(Func<FactorVerificationContext, CancellationToken, ValueTask> hook) =>
        Add(HookName.FactorVerification, (services, payload) => new FactorVerificationContext(services, payload), hook);

    /// <summary>Sends mails in place of SMTP.</summary>
    public TenonBuilder SendEmail(Func<SendEmailContext, CancellationToken, ValueTask> hook) =>
        Add(HookName.SendEmail, (services, payload) => new SendEmailContext(services, payload), hook);

    /// <summary>Sends text messages.</summary>
    public TenonBuilder SendSms(Func<SendSmsContext, CancellationToken, ValueTask> hook) =>
        Add(HookName.SendSms, (services, payload) => new SendSmsContext(services, payload), hook);

    private TenonBuilder Add<T>(string name, Func<IServiceProvider, JsonElement, T> open, Func<T, CancellationToken, ValueTask> hook)
        where T : HookContext
    {
        Services.AddOptions<TenonOptions>().Configure<IServiceScopeFactory>((options, scopes) =>
        {
            if (options.Auth.Hooks.GetValueOrDefault(name) is { Enabled: true })
            {
                throw new InvalidOperationException($"the hook {name} is set twice: in code and in Tenon:Auth:Hooks, or twice in code");
            }
            options.Auth.Hooks[name] = new AuthHookOptions { Enabled = true, Code = (payload, cancellation) => RunAsync(scopes, open, hook, payload, cancellation) };
        });
        return this;
    }

    private static async ValueTask<JsonObject> RunAsync<T>(
        IServiceScopeFactory scopes,
        Func<IServiceProvider, JsonElement, T> open,
        Func<T, CancellationToken, ValueTask> hook,
        JsonElement payload,
        CancellationToken cancellation
    )
        where T : HookContext
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        T context = open(scope.ServiceProvider, payload);
        await hook(context, cancellation);
        return context.Finish();
    }
}
