"""The ledger page in a browser: it finds claims from the keyboard, and is whole without scripts."""

from typing import Any

from bookkit import ledger

CLAIMS = ledger()


def test_words_and_choices_narrow_the_list_from_the_keyboard(site: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(f"{site}/book/claims.html")
    shown = page.locator(".ledger-table tbody tr:visible")
    assert shown.count() == len(CLAIMS)
    page.focus(".ledger-filter input")
    page.keyboard.type("grozny 600")
    assert shown.count() == 1 and "Mosul" in shown.first.inner_text()
    assert page.locator(".ledger-filter [role=status]").inner_text() == f"1 of {len(CLAIMS)} claims"
    page.locator(".ledger-filter button").press("Enter")
    page.locator(".ledger-filter select[name=verdict]").select_option("contradicted")
    assert shown.count() == (CLAIMS["verdict"] == "contradicted").sum()
    page.locator(".ledger-filter button").press("Enter")
    for key in ("chapter", "kind", "verdict"):
        for value, count in CLAIMS[key].value_counts().items():
            page.locator(f".ledger-filter select[name={key}]").select_option(value)
            assert shown.count() == count, value
        page.locator(".ledger-filter button").press("Enter")
    page.close()


def test_a_link_to_a_hidden_claim_shows_it_again(site: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(f"{site}/book/claims.html")
    page.fill(".ledger-filter input", "grozny 600")
    slug = CLAIMS.iloc[0]["slug"]
    page.evaluate(f"location.hash = 'claim-{slug}'")
    page.wait_for_function(f"!document.getElementById('claim-{slug}').hidden")
    page.close()


def test_without_scripts_the_whole_table_stands_and_no_dead_form(site: str, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/book/claims.html")
    assert page.locator(".ledger-table tbody tr").count() == len(CLAIMS)
    assert not page.locator(".ledger-filter").is_visible()
    context.close()


def test_each_claim_and_its_card_link_to_each_other(site: str, browser: Any) -> None:
    page = browser.new_page()
    for row in CLAIMS.groupby("chapter").head(1).itertuples():
        page.goto(f"{site}/book/claims.html")
        assert page.locator(f"#claim-{row.slug} a[href='{row.chapter}.html#claim-{row.slug}']").count() == 1
        page.goto(f"{site}/book/{row.chapter}.html")
        assert page.locator(f"#claim-{row.slug} a[href='claims.html#claim-{row.slug}']").count() == 1
    page.close()
