using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Azure.Storage.Queues;
using ClipFunctions.LocalHost.Hosting;
using ClipFunctions.LocalHost.Queues;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.LocalHost.Tests.Queues;

public sealed class QueueListenerTests(AzuriteServer azurite)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _name = $"q{Guid.NewGuid():n}";

    [Fact]
    public async Task HandlesEachMessageOnce()
    {
        ConcurrentBag<string> handled = [];
        QueueClient queue = await QueueAsync(_name);
        for (int i = 0; i < 100; i++)
        {
            await queue.SendMessageAsync($"message {i}", TestContext.Current.CancellationToken);
        }

        await using Running running = Run((body, _) =>
        {
            handled.Add(body.ToString());
            return Task.CompletedTask;
        });
        await UntilAsync(async () => await CountAsync(queue) == 0);

        Assert.Equal(100, handled.Count);
        Assert.Equal(100, handled.Distinct().Count());
    }

    [Fact]
    public async Task TakesPlainMessagesAsWellAsBase64()
    {
        ConcurrentBag<string> handled = [];
        QueueClient queue = await QueueAsync(_name);
        QueueClient plain = new(azurite.ConnectionString, _name);
        await plain.SendMessageAsync("""{"plain":1}""", TestContext.Current.CancellationToken);
        await plain.SendMessageAsync("neither JSON nor Base64!", TestContext.Current.CancellationToken);
        await queue.SendMessageAsync("""{"base64":1}""", TestContext.Current.CancellationToken);

        await using Running running = Run((body, _) =>
        {
            handled.Add(body.ToString());
            return Task.CompletedTask;
        });
        await UntilAsync(async () => await CountAsync(queue) == 0);

        Assert.Equal(["neither JSON nor Base64!", """{"base64":1}""", """{"plain":1}"""], handled.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task MovesAMessageThatFailsEveryTimeToThePoisonQueueAsItWas()
    {
        int tries = 0;
        QueueClient queue = await QueueAsync(_name);
        QueueClient poison = await QueueAsync(_name + "-poison");
        await queue.SendMessageAsync("""{"a":"ü"}""", TestContext.Current.CancellationToken);

        await using Running running = Run((_, _) =>
        {
            Interlocked.Increment(ref tries);
            throw new InvalidOperationException("It never works.");
        });
        await UntilAsync(async () => await CountAsync(poison) == 1);

        Assert.Equal(5, tries);
        Assert.Equal("""{"a":"ü"}""", (await poison.ReceiveMessageAsync(cancellationToken: TestContext.Current.CancellationToken)).Value.Body.ToString());
        await UntilAsync(async () => await CountAsync(queue) == 0);
    }

    [Fact]
    public async Task TriesAgainWhatFailedOnce()
    {
        int tries = 0;
        QueueClient queue = await QueueAsync(_name);
        await queue.SendMessageAsync("again", TestContext.Current.CancellationToken);

        await using Running running = Run((_, _) => Interlocked.Increment(ref tries) == 1
            ? throw new IOException("Not now.")
            : Task.CompletedTask);
        await UntilAsync(async () => await CountAsync(queue) == 0);

        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task HoldsAMessageThatTakesLongerThanItsVisibility()
    {
        int tries = 0;
        QueueClient queue = await QueueAsync(_name);
        await queue.SendMessageAsync("slow", TestContext.Current.CancellationToken);

        await using Running running = Run(
            async (_, token) =>
            {
                Interlocked.Increment(ref tries);
                await Task.Delay(TimeSpan.FromSeconds(5), token);
            },
            visibility: TimeSpan.FromSeconds(2));
        await UntilAsync(async () => await CountAsync(queue) == 0);

        Assert.Equal(1, tries);
    }

    [Fact]
    public async Task GivesUnfinishedMessagesBackWhenItStops()
    {
        QueueClient queue = await QueueAsync(_name);
        await queue.SendMessageAsync("unfinished", TestContext.Current.CancellationToken);
        TaskCompletionSource taken = new();

        await using (Run(async (_, token) =>
        {
            taken.SetResult();
            await Task.Delay(Timeout.Infinite, token);
        }))
        {
            await taken.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }

        Assert.Equal("unfinished", (await queue.ReceiveMessageAsync(cancellationToken: TestContext.Current.CancellationToken)).Value.Body.ToString());
    }

    [Fact]
    public async Task NeverRunsMoreAtOnceThanItMay()
    {
        int now = 0;
        int most = 0;
        QueueClient queue = await QueueAsync(_name);
        for (int i = 0; i < 40; i++)
        {
            await queue.SendMessageAsync("x", TestContext.Current.CancellationToken);
        }

        await using Running running = Run(
            async (_, token) =>
            {
                int count = Interlocked.Increment(ref now);
                InterlockedMax(ref most, count);
                await Task.Delay(20, token);
                Interlocked.Decrement(ref now);
            },
            parallelism: 3);
        await UntilAsync(async () => await CountAsync(queue) == 0);

        Assert.Equal(3, most);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 8)]
    [InlineData(20, 60)]
    [InlineData(1_000_000, 60)]
    public void WaitsLongerAfterEachTryUpToALimit(long tries, double seconds) =>
        Assert.Equal(seconds, new QueueListenerOptions { Parallelism = 1 }.DelayAfter(tries).TotalSeconds);

    private static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, seen) != seen)
        {
        }
    }

    private static async Task<int> CountAsync(QueueClient queue) =>
        (await queue.GetPropertiesAsync(TestContext.Current.CancellationToken)).Value.ApproximateMessagesCount;

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        while (!await condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private async Task<QueueClient> QueueAsync(string name)
    {
        QueueClient queue = new(azurite.ConnectionString, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await queue.CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        return queue;
    }

    private Running Run(Func<BinaryData, CancellationToken, Task> handler, int parallelism = 8, TimeSpan? visibility = null)
    {
        ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        QueueListener listener = new(
            new QueueClient(azurite.ConnectionString, _name),
            new QueueClient(azurite.ConnectionString, _name + "-poison"),
            new QueueListenerOptions
            {
                Parallelism = parallelism,
                Visibility = visibility ?? TimeSpan.FromSeconds(30),
                RetryDelay = TimeSpan.Zero,
                MaxPollingInterval = TimeSpan.FromMilliseconds(100),
            },
            (delivery, token) => handler(delivery.Body, token),
            new HostTelemetry(services.GetRequiredService<IMeterFactory>()),
            NullLogger.Instance);
        return new Running(listener, services);
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ServiceProvider _services;
        private readonly Task _task;

        public Running(QueueListener listener, ServiceProvider services)
        {
            _services = services;
            _task = listener.RunAsync(_stop.Token);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _task;
            await _services.DisposeAsync();
            _stop.Dispose();
        }
    }
}
