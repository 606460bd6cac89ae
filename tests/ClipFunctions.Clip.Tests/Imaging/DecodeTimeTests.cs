using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Testing.Hostile;
using SkiaSharp;

namespace ClipFunctions.Clip.Tests.Imaging;

public sealed class DecodeTimeTests
{
    private const long Pixels = 12_000_000;
    private static readonly ImageLimits Short = new() { MaxDecodeTime = TimeSpan.FromMilliseconds(10) };

    [Theory]
    [InlineData("PNG bomb, colour type 6, 16 bits")]
    [InlineData("PNG bomb, interlaced")]
    [InlineData("GIF bomb")]
    [InlineData("CMYK JPEG bomb")]
    public void DecodingEndsWhenItsTimeIsUp(string name)
    {
        byte[] file = HostilePictures.Bombs(Pixels).First(picture => picture.Name == name).File;

        DecodeTimeoutException whole = Assert.Throws<DecodeTimeoutException>(() => new ImageDecoder(Short).Decode(file, TestContext.Current.CancellationToken).Dispose());
        DecodeTimeoutException banded = Assert.Throws<DecodeTimeoutException>(() => new ClipPreprocessor(ImagePreprocessing.OpenAi(32), new ImageDecoder(Short)).Preprocess(file, TestContext.Current.CancellationToken));

        Assert.Equal(("DecodeTimeout", Short.MaxDecodeTime), (whole.Reason, whole.Limit));
        Assert.Equal("Decoding the picture takes longer than 0.01 s, which is the most that is allowed.", banded.Message);
        new ImageDecoder().Decode(file, TestContext.Current.CancellationToken).Dispose();
    }

    [Fact]
    public void WhatCannotBeInterruptedIsRefusedBeforehandIfItTakesTooLong()
    {
        long start = Stopwatch.GetTimestamp();

        ImageDecoder decoder = new(new ImageLimits { MaxDecodeTime = TimeSpan.FromSeconds(5) });
        Assert.Throws<DecodeTimeoutException>(() => decoder.ReadHeader(HostilePictures.Slow.File));

        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.Equal(16_000, new ImageDecoder().ReadHeader(HostilePictures.Slow.File).Width);
    }

    [Fact]
    public async Task ManyScansCanBeCancelled()
    {
        Assert.SkipUnless(Avx2.IsSupported, "Without AVX2 Skia decodes such files, in one go.");
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        ImageDecoder decoder = new(new ImageLimits { MaxDecodeTime = TimeSpan.FromHours(1) });
        Task decoding = Task.Run(() => decoder.Decode(HostilePictures.Slow.File, stop.Token).Dispose(), CancellationToken.None);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        long start = Stopwatch.GetTimestamp();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => decoding);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void AJpegOfTooManyScansIsRefusedByTheirNumber()
    {
        byte[] file = HostilePictures.Bombs(100).First(picture => picture.Name == "progressive JPEG of 101 scans, 3 components").File;

        TooManyScansException refusal = Assert.Throws<TooManyScansException>(() => new ImageDecoder().ReadHeader(file));

        Assert.Equal(("TooManyScans", 100, 101), (refusal.Reason, refusal.Limit, refusal.Actual));
        Assert.Equal("The JPEG file has 101 scans; at most 100 are allowed.", refusal.Message);
        Assert.Equal(10, new ImageDecoder(new ImageLimits { MaxScans = 101 }).ReadHeader(file).Width);
    }

    [Fact]
    public void OnlyScansOfThePictureItselfCount()
    {
        byte[] sound = TestPictures.Encode(SKEncodedImageFormat.Jpeg, 32, 24);
        byte[] thumbnail = HostilePictures.Bombs(100).First(picture => picture.Name == "progressive JPEG of 101 scans, 1 components").File;
        byte[] comment = [0xFF, 0xFE, (byte)((thumbnail.Length + 2) >> 8), (byte)(thumbnail.Length + 2), .. thumbnail];

        Assert.Equal(1, JpegScans.Count(sound));
        Assert.Equal(1, JpegScans.Count([0xFF, 0xD8, .. comment, .. sound.AsSpan(2)]));
        Assert.Equal(1, JpegScans.Count([.. sound, .. thumbnail]));
        Assert.Equal(101, JpegScans.Count([.. thumbnail, .. thumbnail]));
        Assert.Equal(101, JpegScans.Count([0xFF, 0xD8, .. comment, .. thumbnail.AsSpan(2)]));
    }

    [Fact]
    public void APauseOfTheProcessCountsForASecond()
    {
        DecodeWatch watch = new(TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken);
        Thread.Sleep(2000);
        watch.Check();
        Thread.Sleep(700);
        Assert.Throws<DecodeTimeoutException>(watch.Check);
    }
}
