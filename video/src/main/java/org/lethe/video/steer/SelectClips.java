package org.lethe.video.steer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.study.Storage;

/**
 * Chooses clips by their motion, as for training a video model: those that have what is asked for, sorted, as a list or as copies.
 *
 * @param clips folder of clips, or files
 * @param where what a clip must have, as {@code object > 6 and camera < 3}: object, camera, seconds, frames and freeze, joined by and, or, not and
 *     brackets
 * @param sort by object, camera, seconds, frames or freeze; without it the order is that of the names
 * @param ascending whether the least come first
 * @param top how many at most; 0 for all
 * @param to a list whose name ends in .csv, or a new folder into which the files are copied
 */
@Named("video select")
public record SelectClips(
        @Argument List<Path> clips, String where, String sort, boolean ascending, int top, Optional<Path> to)
        implements Tool<SelectClips.Result> {
    public SelectClips {
        clips = List.copyOf(clips);
        if (!where.isEmpty()) {
            Condition.parse(where);
        }
        Check.require(
                sort.isEmpty() || Condition.Quantity.named(sort).isPresent(),
                "sort",
                sort,
                "one of " + Condition.Quantity.all());
        Check.require(top >= 0, "top", top, "at least 0");
    }

    /** All clips; the folder is still to be named. */
    public SelectClips() {
        this(List.of(), "", "", false, 0, Optional.empty());
    }

    /**
     * The choice.
     *
     * @param scale unit of the scores
     * @param of how many clips were scored
     * @param clips those that were chosen
     * @param failed those that could not be scored
     * @param written the list or the folder, where one was asked for
     */
    public record Result(
            String scale,
            int of,
            List<ScoreMotion.Scored> clips,
            List<ScoreMotion.Failed> failed,
            Optional<Path> written)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            if (clips.isEmpty()) {
                out.println("no clip has what is asked for");
            } else {
                new ScoreMotion.Result(scale, clips, List.of()).print(out);
            }
            out.println();
            out.println(clips.size() + " of " + of + " clips");
            failed.forEach(f -> out.println("not scored: " + f.reason()));
            written.ifPresent(path -> out.println("written: " + path));
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public Result run(Env env) throws IOException {
        to.ifPresent(SelectClips::free);
        ScoreMotion.Result all = new ScoreMotion(clips, Optional.empty(), Optional.empty(), 30, 8).run(env);
        Optional<Condition> condition = where.isEmpty() ? Optional.empty() : Optional.of(Condition.parse(where));
        Comparator<ScoreMotion.Scored> order = Condition.Quantity.named(sort)
                .map(q -> {
                    Comparator<ScoreMotion.Scored> by = Comparator.comparingDouble(q::of);
                    return ascending ? by : by.reversed();
                })
                .orElse((_, _) -> 0);
        List<ScoreMotion.Scored> chosen = all.clips().stream()
                .filter(c -> condition.isEmpty() || condition.get().of(c))
                .sorted(order)
                .limit(top == 0 ? Integer.MAX_VALUE : top)
                .toList();
        if (to.isPresent()) {
            write(to.get(), chosen);
        }
        return new Result(all.scale(), all.clips().size(), chosen, all.failed(), to);
    }

    private static boolean list(Path to) {
        return to.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    }

    private static void free(Path to) {
        if (Files.exists(to) && !list(to)) {
            throw new LetheException(LetheException.Code.STORAGE, to + " exists, expected a new folder or a .csv file");
        }
    }

    private static void write(Path to, List<ScoreMotion.Scored> chosen) throws IOException {
        if (list(to)) {
            StringBuilder csv = new StringBuilder("clip,frames,seconds,object,camera,camera_is,freeze\n");
            for (ScoreMotion.Scored c : chosen) {
                csv.append(String.format(
                        Locale.ROOT,
                        "%s,%d,%.3f,%.4f,%.4f,%s,%s%n",
                        quoted(c.clip().toString()),
                        c.frames(),
                        c.seconds(),
                        c.object(),
                        c.camera(),
                        c.move().words(),
                        c.freeze()
                                .map(f -> String.format(Locale.ROOT, "%.4f", f))
                                .orElse("")));
            }
            Storage.write(to, csv.toString().getBytes(StandardCharsets.UTF_8));
            return;
        }
        Set<Path> names = new HashSet<>();
        for (ScoreMotion.Scored c : chosen) {
            if (!Files.isRegularFile(c.clip())) {
                throw new LetheException(
                        LetheException.Code.STORAGE,
                        c.clip() + " is a folder of pictures, which is not copied; expected --to to be a .csv file");
            }
            if (!names.add(c.clip().getFileName())) {
                throw new LetheException(
                        LetheException.Code.STORAGE,
                        c.clip().getFileName()
                                + " is the name of two clips, which one folder cannot hold; expected --to"
                                + " to be a .csv file");
            }
        }
        Files.createDirectories(to);
        for (ScoreMotion.Scored c : chosen) {
            Storage.write(
                    to.resolve(c.clip().getFileName()),
                    temporary -> Files.copy(c.clip(), temporary, StandardCopyOption.REPLACE_EXISTING));
        }
    }

    static String quoted(String text) {
        return text.matches("[^\",\\r\\n]*") ? text : "\"" + text.replace("\"", "\"\"") + "\"";
    }
}
