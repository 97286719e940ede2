package org.lethe.recsys.hide;

import java.util.List;
import org.lethe.Chain;
import org.lethe.Check;
import org.lethe.Formerly;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.tables.Entities;

/**
 * A request to hide an attribute of users: it must not be readable from their embeddings, while recommendations keep their
 * quality.
 *
 * <p>Users whose attribute is unknown stay in training; methods and attacks ignore them. Labels of fewer than {@code
 * minClassSize} users form one class, "other". Several attributes are hidden together: by their combinations if each
 * combination has {@code minClassSize} users, otherwise side by side.
 *
 * @param attribute attribute to hide, as the data set names it: gender, age, country; a list hides several
 * @param bands numbers at which a new class begins, for a numeric attribute
 * @param minClassSize smallest number of users of a class
 * @param labelShare share of the labelled users whose labels a method may use; the inductive attack tests on the others
 * @param seed seed of the choice of these users
 */
@Named("hide")
public record Hide(
        List<String> attribute,
        List<Double> bands,
        @Formerly("least") int minClassSize,
        @Formerly("share") double labelShare,
        long seed)
        implements Request {
    public Hide {
        attribute = List.copyOf(attribute);
        bands = List.copyOf(bands);
        Check.require(!attribute.isEmpty(), "attribute", attribute, "at least one name");
        Check.require(
                attribute.stream().distinct().count() == attribute.size(), "attribute", attribute, "different names");
        Check.require(!bands.isEmpty(), "bands", bands, "at least one number");
        for (int b = 1; b < bands.size(); b++) {
            Check.require(bands.get(b) > bands.get(b - 1), "bands", bands, "ascending numbers");
        }
        Check.require(minClassSize >= 2, "minClassSize", minClassSize, "at least 2");
        Check.require(labelShare > 0 && labelShare <= 1, "labelShare", labelShare, "above 0 and at most 1");
    }

    /** Gender; ages below 35, below 50, and above; all labels known. */
    public Hide() {
        this("gender");
    }

    /** One attribute, or several, with the usual settings. */
    public Hide(String... attribute) {
        this(List.of(attribute), List.of(35.0, 50.0), 30, 1, 42);
    }

    /** The last step of a request that hides an attribute, for an audit of hiding. */
    static Hide in(Request request, String audit) {
        for (Request step : Chain.steps(request).reversed()) {
            if (step instanceof Hide hide) {
                return hide;
            }
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                audit + " looks at requests to hide, not "
                        + String.join(
                                ", then ",
                                Chain.steps(request).stream()
                                        .map(Named.Of::name)
                                        .toList()));
    }

    /** The other steps of a request, which may change the data. */
    static List<Request> others(Request request) {
        return Chain.steps(request).stream()
                .filter(step -> !(step instanceof Hide))
                .toList();
    }

    /** The same request with another share of labels that the method may use. */
    public Hide knowing(double labelShare) {
        return new Hide(attribute, bands, minClassSize, labelShare, seed);
    }

    /**
     * The classes of each attribute, which attackers guess. If the data has interactions, users without any, such as forgotten
     * users, have no class: their embeddings hold no information.
     */
    public List<Classes> each(Interactions train) {
        return each(train.userEntities()).stream()
                .map(classes -> train.size() == 0 ? classes : classes.where(user -> train.degree(user) > 0))
                .toList();
    }

    /** The classes of each attribute, for users without known interactions. */
    public List<Classes> each(Entities users) {
        return attribute.stream()
                .map(name -> Classes.by(name, users, bands, minClassSize))
                .toList();
    }

    /** The classes that a method makes equal: combinations of the attributes, or each attribute if a combination is rare. */
    public List<Classes> targets(Interactions train) {
        List<Classes> each = each(train);
        Classes joint = each.stream().reduce(Classes::times).orElseThrow();
        for (int count : joint.counts()) {
            if (count < minClassSize) {
                return each;
            }
        }
        return List.of(joint);
    }

    /** Whether a method may use the label of a user. */
    public boolean knows(Interactions train, int user) {
        return labelShare == 1 || Keyed.unit(Keyed.seed(seed).of("known-label").at(train.userKey(user))) < labelShare;
    }

    /** The classes that a method may use; other labels are unknown. */
    public Classes known(Classes classes, Interactions train) {
        return labelShare == 1 ? classes : classes.where(u -> knows(train, u));
    }
}
