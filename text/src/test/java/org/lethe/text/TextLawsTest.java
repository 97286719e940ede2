package org.lethe.text;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Subject;
import org.lethe.laws.SubjectLaws;
import org.lethe.text.data.PlantedFacts;

class TextLawsTest extends SubjectLaws<Corpus, LanguageModel> {
    /** Settings with which a test needs a moment. */
    static final String QUICK = "gpt {dims: 16, layers: 1, heads: 2, context: 48, epochs: 2}";

    @Override
    protected Subject<Corpus, LanguageModel> subject() {
        return new Text();
    }

    @Override
    protected Corpus data() {
        return new PlantedFacts(4, 3, 2, PlantedFacts.Tokens.WORDS, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Corpus, LanguageModel>> models() {
        return only(subject().models(), QUICK);
    }
}
