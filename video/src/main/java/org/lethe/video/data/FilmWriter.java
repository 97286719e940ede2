package org.lethe.video.data;

import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
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
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.study.Storage;
import org.lethe.video.Clip;

/** Writes clips as films by FFmpeg: without loss (FFV1 in MKV), or small (MPEG-4 in MP4). */
public final class FilmWriter {
    private static final int TICKS = 90_000; // a second

    /** How a film is coded. */
    public enum Coding {
        /** FFV1 in MKV: the same pixels come back. */
        LOSSLESS,
        /** MPEG-4 in MP4 at a high quality: sides must be even. */
        SMALL
    }

    private FilmWriter() {}

    /** Writes a clip. A crash leaves no part of a file. */
    public static void write(Path file, Clip clip, Coding coding) {
        long[] ticks = new long[clip.frames()];
        for (int n = 0; n < ticks.length; n++) {
            ticks[n] = Math.round(n * TICKS / clip.fps());
        }
        write(file, clip, coding, ticks);
    }

    /** The same with moments of its own for each frame, in 90,000ths of a second. */
    static void write(Path file, Clip clip, Coding coding, long... ticks) {
        Check.require(
                coding == Coding.LOSSLESS || (clip.width() % 2 == 0 && clip.height() % 2 == 0),
                "size",
                clip.width() + " x " + clip.height(),
                "even sides");
        Storage.write(file, temporary -> {
            try (var _ = new PointerScope()) {
                new Writing(temporary, clip, coding).run(ticks);
            }
        });
    }

    /** One film under way. */
    private static final class Writing {
        private final Path file;
        private final Clip clip;
        private final boolean lossless;
        private final AVFormatContext format = new AVFormatContext(null);
        private final AVPacket packet = avcodec.av_packet_alloc();
        private final AVFrame frame = avutil.av_frame_alloc();

        Writing(Path file, Clip clip, Coding coding) {
            this.file = file;
            this.clip = clip;
            lossless = coding == Coding.LOSSLESS;
        }

        void run(long... ticks) throws IOException {
            String kind = lossless ? "matroska" : "mp4";
            require(avformat.avformat_alloc_output_context2(format, null, kind, file.toString()));
            AVCodec codec =
                    avcodec.avcodec_find_encoder(lossless ? avcodec.AV_CODEC_ID_FFV1 : avcodec.AV_CODEC_ID_MPEG4);
            if (codec == null) {
                throw new LetheException(LetheException.Code.STUDY, "this FFmpeg cannot write " + kind);
            }
            AVCodecContext encoder = avcodec.avcodec_alloc_context3(codec);
            avutil.av_log_set_level(avutil.AV_LOG_QUIET);
            AVRational base = new AVRational().num(1).den(TICKS);
            int pixels = lossless ? avutil.AV_PIX_FMT_BGR0 : avutil.AV_PIX_FMT_YUV420P;
            encoder.width(clip.width()).height(clip.height()).pix_fmt(pixels).time_base(lossless ? base : rate());
            encoder.thread_count(1);
            if (!lossless) {
                encoder.bit_rate(Math.max(400_000L, 8L * clip.width() * clip.height() * (long) Math.ceil(clip.fps())));
                encoder.flags(encoder.flags() | avcodec.AV_CODEC_FLAG_GLOBAL_HEADER);
            }
            AVDictionary options = new AVDictionary(null);
            if (lossless) {
                encoder.level(3); // the version with checksums of slices
                avutil.av_dict_set(options, "slicecrc", "1", 0);
            }
            int opened = avcodec.avcodec_open2(encoder, codec, options);
            avutil.av_dict_free(options);
            require(opened);
            AVStream stream = avformat.avformat_new_stream(format, null);
            stream.time_base(base);
            require(avcodec.avcodec_parameters_from_context(stream.codecpar(), encoder));
            AVIOContext io = new AVIOContext(null);
            require(avformat.avio_open(io, file.toString(), avformat.AVIO_FLAG_WRITE));
            format.pb(io);
            SwsContext scaler = swscale.sws_getContext(
                    clip.width(),
                    clip.height(),
                    avutil.AV_PIX_FMT_RGB24,
                    clip.width(),
                    clip.height(),
                    pixels,
                    swscale.SWS_BILINEAR | swscale.SWS_ACCURATE_RND | swscale.SWS_BITEXACT,
                    null,
                    null,
                    (DoublePointer) null);
            try {
                require(avformat.avformat_write_header(format, (AVDictionary) null));
                frame.format(pixels).width(clip.width()).height(clip.height());
                require(avutil.av_frame_get_buffer(frame, 0));
                AVRational own = encoder.time_base();
                for (int n = 0; n < clip.frames(); n++) {
                    require(avutil.av_frame_make_writable(frame));
                    fill(scaler, n);
                    double units = (double) own.den() / own.num() / TICKS;
                    long next = n + 1 < ticks.length ? ticks[n + 1] : ticks[n] + Math.round(TICKS / clip.fps());
                    frame.pts(Math.round(ticks[n] * units));
                    frame.duration(Math.round((next - ticks[n]) * units));
                    require(avcodec.avcodec_send_frame(encoder, frame));
                    drain(encoder, stream);
                }
                require(avcodec.avcodec_send_frame(encoder, null));
                drain(encoder, stream);
                require(avformat.av_write_trailer(format));
            } finally {
                swscale.sws_freeContext(scaler);
                avcodec.avcodec_free_context(encoder);
                avutil.av_frame_free(frame);
                avcodec.av_packet_free(packet);
                avformat.avio_closep(io);
                avformat.avformat_free_context(format);
            }
        }

        private AVRational rate() {
            return new AVRational().num(1000).den((int) Math.min(65_535, Math.round(1000 * clip.fps())));
        }

        private void fill(SwsContext scaler, int n) {
            int size = 3 * clip.width() * clip.height();
            try (var _ = new PointerScope()) {
                BytePointer rgb = new BytePointer(size + 64L);
                rgb.put(clip.rgb(), n * size, size);
                swscale.sws_scale(
                        scaler,
                        new PointerPointer<BytePointer>(4).put(0, rgb),
                        new IntPointer(3 * clip.width(), 0, 0, 0),
                        0,
                        clip.height(),
                        frame.data(),
                        frame.linesize());
            }
        }

        private void drain(AVCodecContext encoder, AVStream stream) throws IOException {
            while (true) {
                int got = avcodec.avcodec_receive_packet(encoder, packet);
                if (got == avutil.AVERROR_EAGAIN() || got == avutil.AVERROR_EOF()) {
                    return;
                }
                require(got);
                avcodec.av_packet_rescale_ts(packet, encoder.time_base(), stream.time_base());
                packet.stream_index(0);
                if (packet.duration() == 0) {
                    packet.duration(Math.round(stream.time_base().den()
                            / clip.fps()
                            / stream.time_base().num())); // without one, the last frame is cut away
                }
                require(avformat.av_interleaved_write_frame(format, packet));
            }
        }

        private void require(int result) throws IOException {
            if (result < 0) {
                throw new IOException(FilmFile.words(result));
            }
        }
    }
}
