package org.lethe.recsys.hide;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lethe.Finding;
import org.lethe.Picture;
import org.lethe.attack.Attacker;
import org.lethe.report.Report.Standing;
import org.lethe.report.Sheet;
import org.lethe.study.Versions;

/** The pages of {@code audit embeddings} and {@code hide embeddings}: what attackers guess, in words for a person who trained no model. */
final class EmbeddingsSheet {
    private static final String ACCURACY = "attack-accuracy(";

    private static final String LIMITS =
            "These are the attackers that we ran. Another one, or one that also sees recommendations, scores or other data on the"
                    + " same people, may guess more.";

    private EmbeddingsSheet() {}

    static Sheet audited(
            AuditEmbeddings tool, AuditEmbeddings.Result result, List<Finding> findings, List<Picture> pictures) {
        Standing standing = Sheet.standing(findings);
        List<String> sentences = sentences(result, findings, standing);
        List<Sheet.Step> steps = new ArrayList<>();
        String again = command("audit embeddings", tool, tool.embeddings());
        switch (standing) {
            case FAIL ->
                steps.add(new Sheet.Step(
                        "Repair the embeddings. This writes them to another file and says what is left to guess:",
                        repair(tool, "")));
            case PASS ->
                steps.add(new Sheet.Step(
                        "Nothing has to be repaired. Audit the embeddings again whenever they are trained again:",
                        again));
            case UNDECIDED -> {
                steps.add(new Sheet.Step(
                        "Give more users, or more users with a known " + tool.attribute() + ", and audit again:",
                        again));
                steps.add(new Sheet.Step("To be safe, repair the embeddings:", repair(tool, "")));
            }
        }
        return sheet(head(result.answer()), standing, word(standing), sentences, result, findings, pictures, steps);
    }

    /** The page of a repair. */
    static Sheet repaired(
            HideEmbeddings tool,
            AuditEmbeddings.Result result,
            String method,
            List<Finding> findings,
            List<Picture> pictures) {
        Standing standing = Sheet.standing(findings);
        double before = findings.stream()
                .filter(f -> f.name().startsWith("attack-accuracy-before("))
                .mapToDouble(Finding::value)
                .max()
                .orElse(Double.NaN);
        String answer = head(result.answer())
                .replace("these embeddings", "the repaired embeddings")
                .replace("(chance", String.format(Locale.ROOT, "(before: %.0f; chance", 100 * before));
        List<String> sentences = new ArrayList<>(sentences(result, findings, standing));
        sentences.add(String.format(
                Locale.ROOT,
                "Embeddings moved by %.0f %% of their length in the mean; of 10 nearest neighbours of a user, %.1f are still among"
                        + " them. The repair was %s.",
                100 * result.found("displacement").value(),
                10 * result.found("neighbours-kept").value(),
                method));
        List<Sheet.Step> steps = new ArrayList<>();
        if (standing == Standing.PASS) {
            steps.add(new Sheet.Step(
                    "Use " + tool.to().getFileName()
                            + ". Before, compare recommendations from both files, as items are not known here.",
                    ""));
        } else {
            String other = method.startsWith("transport-map") ? "d2d-r" : "transport-map";
            steps.add(new Sheet.Step("Try another way to repair:", repair(tool.audit(), other)));
        }
        steps.add(new Sheet.Step(
                "Audit the written file by itself, with another seed for the attackers:",
                command("audit embeddings", tool.audit(), tool.to()) + " --seed 2"));
        return sheet(answer, standing, repairedWord(standing), sentences, result, findings, pictures, steps);
    }

    private static Sheet sheet(
            String answer,
            Standing standing,
            String word,
            List<String> sentences,
            AuditEmbeddings.Result result,
            List<Finding> findings,
            List<Picture> pictures,
            List<Sheet.Step> steps) {
        double chance = 1.0 / result.classes().size();
        List<Sheet.Bar> bars = findings.stream()
                .filter(f -> f.name().startsWith(ACCURACY))
                .map(f -> bar(f, findings))
                .toList();
        String note =
                "A bar is the share of users whose class an attacker guesses right, when classes are equally likely. The thin"
                        + " line is a 95 % interval"
                        + (bars.getFirst().before().isPresent() ? ", the box the share before the repair" : "")
                        + ". An attacker at the line of chance knows nothing.";
        return new Sheet(
                answer,
                standing,
                word,
                sentences,
                new Sheet.Shares("Users guessed right, of 100", note, chance, bars),
                pictures.stream().map(Picture.Scatter.class::cast).toList(),
                steps,
                findings,
                LIMITS,
                Versions.here());
    }

    private static Sheet.Bar bar(Finding f, List<Finding> findings) {
        String name = f.name().substring(ACCURACY.length(), f.name().length() - 1);
        OptionalDouble before = findings.stream()
                .filter(b -> b.name().equals("attack-accuracy-before(" + name + ")"))
                .mapToDouble(Finding::value)
                .findFirst();
        return new Sheet.Bar(words(name), f.value(), f.interval(), before, Sheet.standing(List.of(f)));
    }

    /** An attacker in words. */
    private static String words(String attacker) {
        return Arrays.stream(Attacker.values())
                .filter(a -> AttackFindings.word(a).equals(attacker))
                .map(a -> switch (a) {
                    case MLP -> "neural network";
                    case BOOSTED_TREES -> "boosted trees";
                    case LOGISTIC -> "logistic regression";
                    case KNN -> "nearest neighbours";
                    case RANDOM_FOREST -> "random forest";
                })
                .findFirst()
                .orElse(attacker);
    }

    private static List<String> sentences(AuditEmbeddings.Result result, List<Finding> findings, Standing standing) {
        String people = result.classes().entrySet().stream()
                .map(e -> e.getValue() + " " + e.getKey())
                .collect(Collectors.joining(", "));
        String users = String.format(
                Locale.ROOT,
                "%,d users in the file: %s%s. The attackers saw equally many of each class, %d users in all, and guessed each from"
                        + " others.",
                result.users(),
                people,
                result.unlabelled() > 0 ? ", " + result.unlabelled() + " without a class" : "",
                (long) result.found("users-attacked").value());
        String power = String.format(
                Locale.ROOT,
                "From so many users, one test over all attackers at a level of 5 %% finds an attacker 80 times in 100 if its AUC is %.2f"
                        + " or more; it may miss a weaker one.",
                result.found("detectable-auc").value());
        Optional<String> doubt = findings.stream()
                .flatMap(f -> f.verdict().stream())
                .flatMap(v -> v instanceof org.lethe.Verdict.Undecided(var bar, var why)
                        ? Stream.of("It cannot be told whether this is chance: " + why + ".")
                        : Stream.empty())
                .findFirst();
        return standing == Standing.UNDECIDED
                ? Stream.concat(Stream.of(users), doubt.stream()).toList()
                : List.of(users, power);
    }

    private static String head(String answer) {
        return answer.endsWith(".") ? answer.substring(0, answer.length() - 1) : answer;
    }

    private static String word(Standing standing) {
        return switch (standing) {
            case PASS -> "no attacker we ran knows more than the bar allows";
            case FAIL -> "the embeddings give it away";
            case UNDECIDED -> "cannot be told from so few users";
        };
    }

    private static String repairedWord(Standing standing) {
        return switch (standing) {
            case PASS -> "repaired: no attacker we ran knows more than the bar allows";
            case FAIL -> "the repair left something";
            case UNDECIDED -> "cannot be told from so few users";
        };
    }

    /** The command that repairs, with the options of the audit. */
    private static String repair(AuditEmbeddings tool, String method) {
        String file = tool.embeddings().getFileName().toString();
        int dot = file.lastIndexOf('.');
        String to = (dot < 0 ? file : file.substring(0, dot)) + "-repaired" + (dot < 0 ? "" : file.substring(dot));
        return command("hide embeddings", tool, tool.embeddings())
                + (method.isEmpty() ? "" : " --method " + method)
                + " --to " + quoted(tool.embeddings().resolveSibling(to).toString()) + " --out repair";
    }

    /** A command on a file with those options of the audit that are not the usual ones. */
    private static String command(String words, AuditEmbeddings tool, Path file) {
        AuditEmbeddings usual = new AuditEmbeddings();
        StringBuilder line = new StringBuilder("lethe " + words + " " + quoted(file.toString()) + " --attributes "
                + quoted(tool.attributes().toString()) + " --attribute " + quoted(tool.attribute()));
        if (!tool.id().equals(usual.id())) {
            line.append(" --id ").append(quoted(tool.id()));
        }
        if (!tool.tensor().isEmpty()) {
            line.append(" --tensor ").append(quoted(tool.tensor()));
        }
        if (!tool.bands().equals(usual.bands())) {
            line.append(" --bands ")
                    .append(tool.bands().stream()
                            .map(band -> AttackFindings.number(band))
                            .collect(Collectors.joining(",")));
        }
        return line.toString();
    }

    /** As a shell reads it as one word. */
    private static String quoted(String word) {
        return word.matches("[\\w./:@%+=-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
