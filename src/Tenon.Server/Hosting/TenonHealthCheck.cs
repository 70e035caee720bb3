using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tenon.Server.Hosting;

/// <summary>Healthy when requests can be answered, writes included.</summary>
internal sealed class TenonHealthCheck(EmbeddedTenon tenon) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            tenon.Backend is not { } backend ? new HealthCheckResult(context.Registration.FailureStatus, "Tenon has not started")
            : backend.IsReady ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, "the main database of Tenon cannot be reached")
        );
}
