package org.lethe.text.tokenizer;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.lethe.DataFolders;
import org.lethe.LetheException;

/**
 * A tokenizer of the native library, freed when nothing refers to it any more.
 *
 * <p>The library's own Java class is left out on purpose: on some computers in a cloud it reports its use to its maker over the
 * network each time that a tokenizer is made.
 */
final class NativeTokenizer {
    private static final Cleaner CLEANER = Cleaner.create();

    private final long handle;

    /** Makes one; the text has been checked. */
    NativeTokenizer(String json, String where) {
        TokenizersLibrary library = Loaded.library();
        try {
            handle = library.createTokenizerFromString(json);
        } catch (RuntimeException e) {
            throw new LetheException(
                    LetheException.Code.DATA, where + ": the tokenizers library refuses it: " + e.getMessage(), e);
        }
        long freed = handle;
        CLEANER.register(this, () -> library.deleteTokenizer(freed));
        // A file may say that texts are cut or filled up. Callers decide about lengths, and nothing is cut silently.
        library.disableTruncation(handle);
        library.disablePadding(handle);
    }

    /** The ids of a text; {@code special} puts tokens around it as the file says. */
    int[] encode(String text, boolean special) {
        TokenizersLibrary library = Loaded.library();
        try {
            long encoding = library.encode(handle, text, special);
            try {
                return Arrays.stream(library.getTokenIds(encoding))
                        .mapToInt(Math::toIntExact)
                        .toArray();
            } finally {
                library.deleteEncoding(encoding);
            }
        } catch (RuntimeException e) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "a text cannot be turned into tokens: the tokenizers library says: " + e.getMessage(),
                    e);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Where the tokens of a text begin and end, in code points. */
    List<CharSpan> spans(String text) {
        TokenizersLibrary library = Loaded.library();
        try {
            long encoding = library.encode(handle, text, false);
            try {
                return Arrays.asList(library.getTokenCharSpans(encoding));
            } finally {
                library.deleteEncoding(encoding);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The text of ids. */
    String decode(int[] ids, boolean skipSpecial) {
        try {
            return Loaded.library()
                    .decode(handle, Arrays.stream(ids).asLongStream().toArray(), skipSpecial);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The native library, loaded once, from the class path and never from the network. */
    private static final class Loaded {
        private static final Optional<LetheException> TROUBLE = load();

        static TokenizersLibrary library() {
            TROUBLE.ifPresent(trouble -> {
                throw trouble;
            });
            return TokenizersLibrary.LIB;
        }

        /**
         * The library looks for a graphics card and fetches a build for it, unless it is told that there is no network. It
         * unpacks itself to the user's home, which may be missing. What it reads is set while it loads and then put back.
         */
        private static Optional<LetheException> load() {
            List<Runnable> back = new ArrayList<>();
            try {
                back.add(set("slf4j.internal.verbosity", "ERROR")); // nobody needs to hear that there is no logger
                back.add(set("ai.djl.offline", "true"));
                back.add(set("RUST_FLAVOR", "cpu"));
                back.add(set("ENGINE_CACHE_DIR", folder().toString()));
                LibUtils.checkStatus();
                return Optional.empty();
            } catch (EngineException | LinkageError | IOException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                return Optional.of(new LetheException(
                        LetheException.Code.STORAGE,
                        "the tokenizers library cannot be loaded on " + System.getProperty("os.name") + " "
                                + System.getProperty("os.arch") + ": " + cause.getMessage()
                                + "; it is unpacked to $XDG_CACHE_HOME/lethe, which must be writable and not mounted"
                                + " noexec",
                        e));
            } finally {
                back.forEach(Runnable::run);
            }
        }

        private static Runnable set(String name, String value) {
            Optional<String> before = Optional.ofNullable(System.getProperty(name));
            System.setProperty(name, value);
            return () -> before.ifPresentOrElse(b -> System.setProperty(name, b), () -> System.clearProperty(name));
        }

        /** The user's cache, or a folder of this process alone: a shared one could hold another person's library. */
        private static Path folder() throws IOException {
            Path cache = DataFolders.cache().resolve("native");
            try {
                Files.createDirectories(cache);
                if (Files.isWritable(cache)) {
                    return cache;
                }
            } catch (IOException _) {
                // no home, or one that cannot be written
            }
            Path own = Files.createTempDirectory("lethe-native");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(own)));
            return own;
        }

        private static void delete(Path folder) {
            try (var files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException _) {
                // the process ends; the system clears its temporary files
            }
        }
    }
}
