using System.Globalization;
using ClipFunctions.Pipeline.Evaluations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.Pipeline.Tests.Evaluations;

public sealed class EvaluationScheduleTests
{
    [Theory]
    [InlineData("0 0 3 * * *", "2026-11-25T03:00:00.012Z", "2026-11-25T03:00:00Z")]
    [InlineData("0 0 3 * * *", "2026-11-25T02:59:59.900Z", "2026-11-25T03:00:00Z")]
    [InlineData("0 0 3 * * *", "2026-11-25T02:59:59.000Z", "2026-11-24T03:00:00Z")]
    [InlineData("0 0 3 * * *", "2026-11-25T14:20:00Z", "2026-11-25T03:00:00Z")]
    [InlineData("*/10 * * * * *", "2026-11-25T14:20:07Z", "2026-11-25T14:20:00Z")]
    [InlineData("0 30 * * * *", "2026-11-25T14:20:07Z", "2026-11-25T13:30:00Z")]
    [InlineData("0 0 12 1 * *", "2026-11-25T14:20:07Z", "2026-11-01T12:00:00Z")]
    [InlineData("0 0 0 29 2 *", "2027-11-25T14:20:07Z", "2024-02-29T00:00:00Z")]
    public void ATimersMomentIsTakenForTheTickThatWasDueLast(string cron, string time, string due)
    {
        EvaluationSchedule schedule = Schedule(cron, "drawn");

        Assert.Equal(Time(due), schedule.DueAt(Time(time)));
    }

    [Fact]
    public void WithoutAScheduleOrRunsNothingIsDue()
    {
        Assert.Null(Schedule("", "drawn").DueAt(Time("2026-11-25T03:00:00Z")));
        Assert.Null(Schedule("0 0 3 * * *", null).DueAt(Time("2026-11-25T03:00:00Z")));
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static EvaluationSchedule Schedule(string cron, string? dataset)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(dataset is null ? [new(EvaluationSchedule.CronSetting, cron)] : [new(EvaluationSchedule.CronSetting, cron), new("Clip:Schedule:0:Dataset", dataset)])
            .Build();
        return new EvaluationSchedule(configuration, null!, NullLogger<EvaluationSchedule>.Instance);
    }
}
