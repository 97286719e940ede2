package org.lethe.video.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;
import org.lethe.video.BrokenClip;
import org.lethe.video.Clip;

/**
 * Films, decoded by FFmpeg. Only this class and the writer of films know it.
 *
 * <p>The file alone is opened: formats that name other files or addresses are refused. Decoding stops at the first error that
 * the decoder tells; that of FFV1 hides damaged slices without a word.
 */
final class FilmFile implements AutoCloseable {
    private static final int CORRUPT = 1; // AV_FRAME_FLAG_CORRUPT
    private static final String FORMATS = "mov,matroska,avi,mpeg,mpegts,ogg,flv,asf,nut,yuv4mpegpipe";

    private final Path path;
    private final int shortSide;
    private final AVFormatContext format = new AVFormatContext(null);
    private final AVPacket packet = avcodec.av_packet_alloc();
    private final AVFrame frame = avutil.av_frame_alloc();
    private @Nullable AVCodecContext decoder;
    private @Nullable SwsContext scaler;
    private Pixels scaledFrom = new Pixels(0, 0, 0); // that the scaler takes
    private @Nullable BytePointer scaled;

    private FilmFile(Path path, int shortSide) {
        this.path = path;
        this.shortSide = shortSide;
        avutil.av_log_set_level(avutil.AV_LOG_QUIET); // messages are ours
    }

    static Clip read(Path path, int shortSide) {
        try (var _ = new PointerScope();
                FilmFile film = new FilmFile(path, shortSide)) {
            return film.clip();
        }
    }

    /** The parts of a film that {@link Clips#windows} looks at, or nothing where the film is too short to have any. */
    static Optional<Clips.Windows> windows(
            Path path, int shortSide, int count, int frames, double fps, double longest) {
        try (var _ = new PointerScope();
                FilmFile film = new FilmFile(path, shortSide)) {
            return film.windows(count, frames, fps, longest);
        }
    }

    private Clip clip() {
        AVStream stream = open();
        AVCodecContext open = opened(stream.codecpar());
        Frames frames = new Frames(path, shortSide);
        int turns = turns(stream.codecpar());
        decode(open, stream, () -> frames.count(), () -> {
            take(stream, turns, frames, true);
            return true;
        });
        return frames.clip(rate(stream));
    }

    private Optional<Clips.Windows> windows(int count, int length, double fps, double longest) {
        AVStream stream = open();
        double seconds = format.duration() > 0 ? (double) format.duration() / avutil.AV_TIME_BASE : 0;
        if (seconds <= longest || seconds <= count * length / fps) {
            return Optional.empty();
        }
        AVCodecContext open = opened(stream.codecpar());
        int turns = turns(stream.codecpar());
        double base = (double) stream.time_base().num() / stream.time_base().den();
        double start = stream.start_time() == avutil.AV_NOPTS_VALUE ? 0 : stream.start_time() * base;
        double last = seconds - (length + 1) / fps;
        List<Clip> parts = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            double from = start + (count == 1 ? 0 : n * last / (count - 1));
            int moved = avformat.av_seek_frame(
                    format, stream.index(), (long) Math.floor(from / base), avformat.AVSEEK_FLAG_BACKWARD);
            if (moved < 0) {
                return Optional.empty(); // a film in which nobody can jump is read from its beginning
            }
            avcodec.avcodec_flush_buffers(open);
            Frames frames = new Frames(path, shortSide);
            decode(open, stream, () -> (int) Math.round(from * Math.max(1, rate(stream))) + frames.count(), () -> {
                long stamp = frame.best_effort_timestamp();
                if (stamp != avutil.AV_NOPTS_VALUE && stamp * base >= from + frames.count() / fps - 1e-3) {
                    take(stream, turns, frames, false); // frames of a window are as even as the film allows
                }
                return frames.count() < length;
            });
            if (frames.count() == length) {
                parts.add(frames.clip(Math.min(fps, rate(stream))));
            }
        }
        return parts.isEmpty() ? Optional.empty() : Optional.of(new Clips.Windows(seconds, rate(stream), parts));
    }

    /** The size and the kind of the pixels of a frame. */
    private record Pixels(int width, int height, int format) {}

    private AVStream open() {
        AVDictionary options = new AVDictionary(null);
        avutil.av_dict_set(options, "format_whitelist", FORMATS, 0);
        avutil.av_dict_set(options, "protocol_whitelist", "file", 0);
        int opened = avformat.avformat_open_input(format, "file:" + path.toAbsolutePath(), null, options);
        avutil.av_dict_free(options);
        if (opened < 0) {
            throw BrokenClip.whole(path, "cannot be opened as a film: " + words(opened));
        }
        int found = avformat.avformat_find_stream_info(format, (AVDictionary) null);
        if (found < 0) {
            throw BrokenClip.whole(path, "does not say what it holds: " + words(found));
        }
        int index = avformat.av_find_best_stream(format, avutil.AVMEDIA_TYPE_VIDEO, -1, -1, (AVCodec) null, 0);
        if (index < 0) {
            throw BrokenClip.whole(path, "has no pictures, expected a film");
        }
        return format.streams(index);
    }

    /** Decodes from where the file stands until its end, or until a frame is the last that is wanted. */
    private void decode(AVCodecContext open, AVStream stream, IntSupplier at, BooleanSupplier more) {
        int index = stream.index();
        while (true) {
            int read = avformat.av_read_frame(format, packet);
            if (read == avutil.AVERROR_EOF()) {
                break;
            }
            if (read < 0) {
                throw broken(at, read);
            }
            boolean ours = packet.stream_index() == index;
            if (ours && (packet.flags() & avcodec.AV_PKT_FLAG_CORRUPT) != 0) {
                throw BrokenClip.at(path, at.getAsInt(), "is cut off or broken");
            }
            int sent = ours ? avcodec.avcodec_send_packet(open, packet) : 0;
            avcodec.av_packet_unref(packet);
            if (sent < 0) {
                throw broken(at, sent);
            }
            if (ours && !receive(open, at, more)) {
                return;
            }
        }
        int flushed = avcodec.avcodec_send_packet(open, null);
        if (flushed < 0) {
            throw broken(at, flushed);
        }
        receive(open, at, more);
    }

    private AVCodecContext opened(AVCodecParameters parameters) {
        AVCodec codec = avcodec.avcodec_find_decoder(parameters.codec_id());
        if (codec == null || codec.isNull()) {
            BytePointer name = avcodec.avcodec_get_name(parameters.codec_id());
            throw BrokenClip.whole(path, "is coded as " + name.getString() + ", which this FFmpeg cannot decode");
        }
        AVCodecContext context = avcodec.avcodec_alloc_context3(codec);
        decoder = context;
        int copied = avcodec.avcodec_parameters_to_context(context, parameters);
        context.err_recognition(avcodec.AV_EF_EXPLODE | avcodec.AV_EF_CRCCHECK);
        context.max_pixels(Frames.MOST_PIXELS);
        context.thread_count(1);
        int ready = copied < 0 ? copied : avcodec.avcodec_open2(context, codec, (AVDictionary) null);
        if (ready < 0) {
            throw BrokenClip.whole(path, "cannot be decoded: " + words(ready));
        }
        return context;
    }

    /** Takes what the decoder has ready; false where no more is wanted. */
    private boolean receive(AVCodecContext open, IntSupplier at, BooleanSupplier more) {
        while (true) {
            int got = avcodec.avcodec_receive_frame(open, frame);
            if (got == avutil.AVERROR_EAGAIN() || got == avutil.AVERROR_EOF()) {
                return true;
            }
            if (got < 0) {
                throw broken(at, got);
            }
            if (frame.decode_error_flags() != 0 || (frame.flags() & CORRUPT) != 0) {
                throw BrokenClip.at(path, at.getAsInt(), "is cut off or broken");
            }
            boolean on = more.getAsBoolean();
            avutil.av_frame_unref(frame);
            if (!on) {
                return false;
            }
        }
    }

    private void take(AVStream stream, int turns, Frames frames, boolean timed) {
        int width = frame.width();
        int height = frame.height();
        int toWidth = frames.scaled(width, width, height);
        int toHeight = frames.scaled(height, width, height);
        Pixels pixels = new Pixels(width, height, frame.format());
        if (scaler == null || !scaledFrom.equals(pixels)) {
            release();
            boolean same = width == toWidth && height == toHeight;
            scaler = swscale.sws_getContext(
                    width,
                    height,
                    frame.format(),
                    toWidth,
                    toHeight,
                    avutil.AV_PIX_FMT_RGB24,
                    (same ? swscale.SWS_BILINEAR : swscale.SWS_AREA)
                            | swscale.SWS_ACCURATE_RND
                            | swscale.SWS_BITEXACT
                            | swscale.SWS_FULL_CHR_H_INT,
                    null,
                    null,
                    (DoublePointer) null);
            if (scaler == null || scaler.isNull()) {
                throw BrokenClip.at(path, frames.count(), "has pixels of a kind that cannot be converted");
            }
            scaledFrom = pixels;
            scaled = new BytePointer(avutil.av_malloc(3L * toWidth * toHeight + 64));
        }
        BytePointer target = Objects.requireNonNull(scaled);
        int rows;
        try (var _ = new PointerScope()) {
            rows = swscale.sws_scale(
                    scaler,
                    frame.data(),
                    frame.linesize(),
                    0,
                    height,
                    new PointerPointer<BytePointer>(4).put(0, target),
                    new IntPointer(3 * toWidth, 0, 0, 0));
        }
        if (rows < 0) {
            throw broken(frames::count, rows);
        }
        byte[] rgb = new byte[3 * toWidth * toHeight];
        target.position(0).get(rgb);
        AVRational base = stream.time_base();
        long stamp = frame.best_effort_timestamp();
        double at = !timed || stamp == avutil.AV_NOPTS_VALUE ? Double.NaN : (double) stamp * base.num() / base.den();
        boolean lying = turns % 2 == 1;
        frames.addScaled(
                turned(rgb, toWidth, toHeight, turns), lying ? toHeight : toWidth, lying ? toWidth : toHeight, at);
    }

    /** Quarter turns with the clock that the file asks for. */
    private int turns(AVCodecParameters parameters) {
        for (int n = 0; n < parameters.nb_coded_side_data(); n++) {
            AVPacketSideData data = parameters.coded_side_data().getPointer(n);
            if (data.type() == avcodec.AV_PKT_DATA_DISPLAYMATRIX && data.size() >= 36) {
                double against = avutil.av_display_rotation_get(new IntPointer(data.data()));
                double quarters = -against / 90;
                if (!(Math.abs(quarters - Math.rint(quarters)) < 0.02)) { // or it is none
                    throw BrokenClip.whole(
                            path,
                            String.format(
                                    Locale.ROOT, "is rotated by %.1f degrees, expected a multiple of 90", -against));
                }
                return Math.floorMod((int) Math.rint(quarters), 4);
            }
        }
        return 0;
    }

    /** A picture turned with the clock. */
    static byte[] turned(byte[] rgb, int width, int height, int quarters) {
        if (quarters == 0) {
            return rgb;
        }
        byte[] turned = new byte[rgb.length];
        int wide = quarters % 2 == 1 ? height : width;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int toX = switch (quarters) {
                    case 1 -> height - 1 - y;
                    case 2 -> width - 1 - x;
                    default -> y;
                };
                int toY = switch (quarters) {
                    case 1 -> x;
                    case 2 -> height - 1 - y;
                    default -> width - 1 - x;
                };
                System.arraycopy(rgb, 3 * (y * width + x), turned, 3 * (toY * wide + toX), 3);
            }
        }
        return turned;
    }

    private static double rate(AVStream stream) {
        AVRational average = stream.avg_frame_rate();
        double fps = average.den() == 0 ? 0 : (double) average.num() / average.den();
        return fps > 0 && fps <= 1000 ? fps : Clips.USUAL_FPS;
    }

    private BrokenClip broken(IntSupplier at, int error) {
        return BrokenClip.at(path, at.getAsInt(), "cannot be decoded: " + words(error));
    }

    static String words(int error) {
        byte[] text = new byte[256];
        avutil.av_strerror(error, text, text.length);
        int end = 0;
        while (text[end] != 0) {
            end++;
        }
        return new String(text, 0, end, StandardCharsets.UTF_8);
    }

    private void release() {
        if (scaler != null) {
            swscale.sws_freeContext(scaler);
            scaler = null;
        }
        if (scaled != null) {
            avutil.av_free(scaled.position(0));
            scaled = null;
        }
    }

    @Override
    public void close() {
        release();
        avutil.av_frame_free(frame);
        avcodec.av_packet_free(packet);
        if (decoder != null) {
            avcodec.avcodec_free_context(decoder);
        }
        avformat.avformat_close_input(format);
    }
}
